package org.llm4msr.benchmarks;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.llm4msr.runtime.engine.Mkl;
import org.llm4msr.runtime.engine.TensorEngine;
import org.llm4msr.runtime.tables.Batch;

/**
 * The matrix products of a training step and nothing else: those of each layer forward, and for the
 * gradients of its rows and of its weights, in memory that is reused.
 */
final class ProductsAlone implements Contender {

  private final TensorEngine engine;
  private final NDManager manager;
  private final List<Layer> layers = new ArrayList<>();
  private final StepClock clock;
  private final long parameters;

  /**
   * Makes the products of MMoE as in {@link Setup}.
   *
   * @param width of the input
   */
  ProductsAlone(TensorEngine engine, int width, int scenarios, List<Batch> batches) {
    this.engine = engine;
    manager = engine.engine().newBaseManager(engine.device());
    int experts = Setup.MMOE.experts();
    int in = width;
    int parts = 1;
    for (int out : Setup.MMOE.expert()) {
      layers.add(new Layer(Setup.BATCH, parts, in, parts == 1 ? experts * out : out));
      in = out;
      parts = experts;
    }
    layers.add(new Layer(Setup.BATCH, 1, width, scenarios * experts));
    for (int scenario = 0; scenario < scenarios; scenario++) {
      int rows = Setup.BATCH / scenarios;
      int from = in;
      for (int out : Setup.MMOE.tower()) {
        layers.add(new Layer(rows, 1, from, out));
        from = out;
      }
      layers.add(new Layer(rows, 1, from, 1));
    }
    parameters = layers.stream().mapToLong(Layer::parameters).sum();
    clock = new StepClock(batches, (batch, n) -> run(result -> {}));
  }

  /**
   * Multiplies.
   *
   * @param behind gets the results of each layer
   */
  void run(Consumer<FloatBuffer> behind) {
    for (Layer layer : layers) {
      layer.run();
      behind.accept(Mkl.floats(layer.y));
    }
  }

  /** Returns the rows of the first layer. */
  FloatBuffer input() {
    return Mkl.floats(layers.get(0).x);
  }

  /** Rows of {@code parts * in} numbers times {@code parts} matrices (in, out). */
  private final class Layer {

    private final int rows;
    private final int parts;
    private final int in;
    private final int out;
    private final NDArray x;
    private final NDArray w;
    private final NDArray y;
    private final NDArray dx;
    private final NDArray dw;

    Layer(int rows, int parts, int in, int out) {
      this.rows = rows;
      this.parts = parts;
      this.in = in;
      this.out = out;
      x = manager.randomNormal(new Shape(rows, (long) parts * in));
      w = manager.randomNormal(new Shape(parts, in, out));
      y = manager.randomNormal(new Shape(rows, (long) parts * out));
      dx = manager.zeros(x.getShape());
      dw = manager.zeros(w.getShape());
    }

    long parameters() {
      return (long) parts * (in + 1) * out;
    }

    void run() {
      multiply(
          false, false, rows, out, in, x, parts * in, in, w, out, in * out, y, parts * out, out);
      multiply(
          false, true, rows, in, out, y, parts * out, out, w, out, in * out, dx, parts * in, in);
      multiply(
          true, false, in, out, rows, x, parts * in, in, y, parts * out, out, dw, out, in * out);
    }

    /** Multiplies part by part; each array with the distance of its rows and of its parts. */
    private void multiply(
        boolean transposeA,
        boolean transposeB,
        int m,
        int n,
        int k,
        NDArray a,
        int rowOfA,
        int partOfA,
        NDArray b,
        int rowOfB,
        int partOfB,
        NDArray c,
        int rowOfC,
        int partOfC) {
      Mkl.Call call =
          new Mkl.Call(1, parts).group(transposeA, transposeB, m, n, k, rowOfA, rowOfB, rowOfC, 0);
      for (int part = 0; part < parts; part++) {
        call.product(at(a, part * partOfA), at(b, part * partOfB), at(c, part * partOfC));
      }
      call.run();
    }

    private long at(NDArray array, int number) {
      return Mkl.address(array) + (long) number * Float.BYTES;
    }
  }

  @Override
  public String name() {
    return "its products alone";
  }

  @Override
  public long denseParameters() {
    return parameters;
  }

  @Override
  public List<StepTime> time(int steps) {
    return engine.call(() -> clock.time(steps));
  }

  @Override
  public void close() {
    manager.close();
  }
}
