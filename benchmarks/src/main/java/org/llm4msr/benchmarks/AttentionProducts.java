package org.llm4msr.benchmarks;

import java.util.List;
import java.util.stream.IntStream;
import org.llm4msr.runtime.engine.AlignedMemory;
import org.llm4msr.runtime.engine.Mkl;
import org.llm4msr.runtime.engine.TensorEngine;
import org.llm4msr.runtime.kernels.FloatMemory;
import org.llm4msr.runtime.tables.Batch;
import org.llm4msr.runtime.tables.Workers;

/**
 * The matrix products of target attention over full sequences and nothing else: of a row's vectors
 * (L, D + 1) with its matrix (D + 1, H), once forward and once again on the way back, and those of
 * the gradients of vectors and matrix. In memory that stays in the cache.
 */
final class AttentionProducts implements Contender {

  /** Rows whose products are one call. */
  private static final int ROWS = 20;

  private final TensorEngine engine;
  private final Workers workers;
  private final int length;
  private final int in = Setup.DIMENSION + 1;
  private final int hidden;
  private final List<Memory> ofWorkers;
  private final StepClock clock;

  /** What the products of some rows read and write. */
  private record Memory(
      FloatMemory vectors, FloatMemory matrices, FloatMemory results, FloatMemory gradients) {}

  /**
   * Makes the products.
   *
   * @param length L
   * @param hidden H
   */
  AttentionProducts(TensorEngine engine, int threads, int length, int hidden, List<Batch> batches) {
    this.engine = engine;
    this.length = length;
    this.hidden = hidden;
    workers = new Workers(threads);
    ofWorkers =
        IntStream.range(0, threads)
            .mapToObj(
                worker ->
                    new Memory(
                        memory(length * in), memory(in * hidden),
                        memory(length * hidden), memory(length * in)))
            .toList();
    clock = new StepClock(batches, (batch, number) -> step(batch.size));
  }

  private static FloatMemory memory(int ofRow) {
    return FloatMemory.of(AlignedMemory.floats((long) ROWS * ofRow));
  }

  private void step(int rows) {
    workers.range(
        rows,
        ROWS,
        (worker, from, to) ->
            Mkl.onThisThreadAlone(() -> multiply(ofWorkers.get(worker), to - from)));
  }

  private void multiply(Memory m, int rows) {
    for (int pass = 0; pass < 2; pass++) {
      Mkl.Call results =
          new Mkl.Call(1, rows).group(false, false, length, hidden, in, in, hidden, hidden, 0);
      products(results, rows, m.vectors, length * in, m.matrices, in * hidden, m.results);
    }
    Mkl.Call ofVectors =
        new Mkl.Call(1, rows)
            .group(false, true, length, Setup.DIMENSION, hidden, hidden, hidden, in, 0);
    for (int row = 0; row < rows; row++) {
      ofVectors.product(
          at(m.results, row * length * hidden),
          at(m.matrices, row * in * hidden),
          at(m.gradients, row * length * in));
    }
    ofVectors.run();
    Mkl.Call ofMatrices =
        new Mkl.Call(1, rows).group(true, false, in, hidden, length, in, hidden, hidden, 0);
    for (int row = 0; row < rows; row++) {
      ofMatrices.product(
          at(m.vectors, row * length * in),
          at(m.results, row * length * hidden),
          at(m.matrices, row * in * hidden));
    }
    ofMatrices.run();
  }

  private void products(
      Mkl.Call call,
      int rows,
      FloatMemory a,
      int rowOfA,
      FloatMemory b,
      int rowOfB,
      FloatMemory c) {
    for (int row = 0; row < rows; row++) {
      call.product(at(a, row * rowOfA), at(b, row * rowOfB), at(c, row * length * hidden));
    }
    call.run();
  }

  private static long at(FloatMemory memory, int number) {
    return memory.address() + (long) number * Float.BYTES;
  }

  @Override
  public String name() {
    return "products of attention alone";
  }

  @Override
  public long denseParameters() {
    return 0;
  }

  @Override
  public List<StepTime> time(int steps) {
    return engine.call(() -> clock.time(steps));
  }

  @Override
  public void close() {
    workers.close();
  }
}
