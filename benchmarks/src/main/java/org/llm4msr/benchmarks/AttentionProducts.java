package org.llm4msr.benchmarks;

import java.util.List;
import java.util.stream.IntStream;
import org.llm4msr.api.model.Activation;
import org.llm4msr.runtime.engine.AlignedMemory;
import org.llm4msr.runtime.engine.Mkl;
import org.llm4msr.runtime.engine.TensorEngine;
import org.llm4msr.runtime.kernels.Epilogue;
import org.llm4msr.runtime.kernels.FloatMemory;
import org.llm4msr.runtime.tables.Batch;
import org.llm4msr.runtime.tables.Workers;

/**
 * What target attention over full sequences cannot do without, and nothing else: the products of a
 * row's vectors (L, D + 1) with its matrix (D + 1, H), once forward and once again on the way back,
 * the activation of their results and its slopes, and the products of the gradients of vectors and
 * matrix. In memory that stays in the cache.
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
      FloatMemory vectors,
      FloatMemory matrices,
      FloatMemory results,
      FloatMemory factors,
      FloatMemory gradients) {}

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
                        memory(length * in),
                        memory(in * hidden),
                        memory(length * hidden),
                        memory(length * hidden),
                        memory(length * in)))
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
    Epilogue epilogue = new Epilogue(Activation.LEAKY_RELU, null, hidden);
    results(m, rows);
    epilogue.forward(m.results.numbers(), 0, rows * length, null, 0);
    results(m, rows);
    epilogue.backward(m.results, m.factors, 0, rows * length);
    Mkl.Call ofVectors =
        new Mkl.Call(1, rows)
            .group(false, true, length, Setup.DIMENSION, hidden, hidden, hidden, in, 0);
    for (int row = 0; row < rows; row++) {
      ofVectors.product(
          at(m.factors, row * length * hidden),
          at(m.matrices, row * in * hidden),
          at(m.gradients, row * length * in));
    }
    ofVectors.run();
    Mkl.Call ofMatrices =
        new Mkl.Call(1, rows).group(true, false, in, hidden, length, in, hidden, hidden, 0);
    for (int row = 0; row < rows; row++) {
      ofMatrices.product(
          at(m.vectors, row * length * in),
          at(m.factors, row * length * hidden),
          at(m.matrices, row * in * hidden));
    }
    ofMatrices.run();
  }

  private void results(Memory m, int rows) {
    Mkl.Call call =
        new Mkl.Call(1, rows).group(false, false, length, hidden, in, in, hidden, hidden, 0);
    for (int row = 0; row < rows; row++) {
      call.product(
          at(m.vectors, row * length * in),
          at(m.matrices, row * in * hidden),
          at(m.results, row * length * hidden));
    }
    call.run();
  }

  private static long at(FloatMemory memory, int number) {
    return memory.address() + (long) number * Float.BYTES;
  }

  @Override
  public String name() {
    return "products and slopes of attention alone";
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
