package org.llm4msr.benchmarks;

import java.util.List;
import java.util.SplittableRandom;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.tables.Workers;

/**
 * What similarities to events cannot do without: for each row a read of each 64 bytes of as many
 * vectors, which are drawn uniformly. No product, no step.
 */
final class VectorReads implements Contender {

  private static final int GRAIN = 64;

  private final int vectors;
  private final Workers workers;
  private final float[] values;
  private final int[] offsets; // (B, vectors)
  private final float[] sums; // Of each worker, so that no compiler leaves the reads out.
  private final StepClock clock;

  /**
   * Draws vectors.
   *
   * @param vectors how many a row reads, of {@link HistoryAlone#DIMENSION} numbers each
   */
  VectorReads(int threads, int catalogue, int vectors, List<Batch> batches) {
    this.vectors = vectors;
    workers = new Workers(threads);
    values = new float[catalogue * HistoryAlone.DIMENSION];
    SplittableRandom random = new SplittableRandom(7);
    offsets =
        random
            .ints((long) Setup.BATCH * vectors, 0, catalogue)
            .map(item -> item * HistoryAlone.DIMENSION)
            .toArray();
    sums = new float[threads];
    clock = new StepClock(batches, (batch, number) -> step(batch));
  }

  private void step(Batch batch) {
    workers.range(
        batch.size,
        GRAIN,
        (worker, from, to) -> sums[worker] += read(from * vectors, to * vectors));
  }

  private float read(int from, int to) {
    float sum = 0;
    for (int i = from; i < to; i++) {
      int at = offsets[i];
      // The fifth, since an array does not begin where 64 bytes do.
      sum += values[at] + values[at + 16] + values[at + 32] + values[at + 48] + values[at + 63];
    }
    return sum;
  }

  @Override
  public String name() {
    return "reads of %d vectors a row".formatted(vectors);
  }

  @Override
  public long denseParameters() {
    return 0;
  }

  @Override
  public List<StepTime> time(int steps) {
    return clock.time(steps);
  }

  @Override
  public void close() {
    workers.close();
  }
}
