package org.llm4msr.benchmarks;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.engine.Mkl;
import org.llm4msr.runtime.engine.TensorEngine;

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
      layers.add(Layer.ofParts(this, Setup.BATCH, parts, in, parts == 1 ? experts * out : out));
      in = out;
      parts = experts;
    }
    layers.add(Layer.ofParts(this, Setup.BATCH, 1, width, scenarios * experts));
    for (int scenario = 0; scenario < scenarios; scenario++) {
      int rows = Setup.BATCH / scenarios;
      int from = in;
      for (int out : Setup.MMOE.tower()) {
        layers.add(Layer.ofParts(this, rows, 1, from, out));
        from = out;
      }
      layers.add(Layer.ofParts(this, rows, 1, from, 1));
    }
    parameters = layers.stream().mapToLong(Layer::parameters).sum();
    clock = new StepClock(batches, (batch, n) -> run(result -> {}));
  }

  /**
   * Adds those of the hierarchical head: of layers W -> 64 -> W for each user and W -> 64 -> 1 for
   * each scenario, with weights of full rank, and of what generates them from vectors.
   *
   * @param width of the input
   * @param dimension K
   */
  void addEnhancement(int width, int users, int scenarios, int dimension, int hidden) {
    addGenerated(width, width, users, dimension, hidden);
    addGenerated(width, 1, scenarios, dimension, hidden);
  }

  private void addGenerated(int width, int out, int groups, int dimension, int hidden) {
    int weights = Setup.generatedWeights(width, out);
    layers.add(Layer.ofGroups(this, 1, groups, dimension, hidden));
    layers.add(Layer.ofGroups(this, 1, groups, hidden, weights));
    layers.add(Layer.ofGroups(this, groups, Setup.BATCH / groups, width, Setup.META_HIDDEN));
    layers.add(Layer.ofGroups(this, groups, Setup.BATCH / groups, Setup.META_HIDDEN, out));
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

  /** Rows times matrices (in, out): all with several, or those of a group with its own. */
  private static final class Layer {

    private final int rows;
    private final int parts;
    private final int in;
    private final int out;
    private final Distance ofX;
    private final Distance ofY;
    private final NDArray x;
    private final NDArray w;
    private final NDArray y;
    private final NDArray dx;
    private final NDArray dw;

    /** How many numbers the rows of a matrix are apart, and the matrices of two parts. */
    private record Distance(int rows, int parts) {}

    /** Rows of {@code parts * in} numbers, each of which a matrix multiplies. */
    static Layer ofParts(ProductsAlone of, int rows, int parts, int in, int out) {
      return new Layer(
          of.manager,
          rows,
          parts,
          in,
          out,
          new Distance(parts * in, in),
          new Distance(parts * out, out));
    }

    /** Groups of rows with a matrix each. */
    static Layer ofGroups(ProductsAlone of, int groups, int rows, int in, int out) {
      return new Layer(
          of.manager,
          rows,
          groups,
          in,
          out,
          new Distance(in, rows * in),
          new Distance(out, rows * out));
    }

    private Layer(
        NDManager manager, int rows, int parts, int in, int out, Distance ofX, Distance ofY) {
      this.rows = rows;
      this.parts = parts;
      this.in = in;
      this.out = out;
      this.ofX = ofX;
      this.ofY = ofY;
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
      Distance ofW = new Distance(out, in * out);
      multiply(false, false, rows, out, in, x, ofX, w, ofW, y, ofY);
      multiply(false, true, rows, in, out, y, ofY, w, ofW, dx, ofX);
      multiply(true, false, in, out, rows, x, ofX, y, ofY, dw, ofW);
    }

    /** Multiplies part by part. */
    private void multiply(
        boolean transposeA,
        boolean transposeB,
        int m,
        int n,
        int k,
        NDArray a,
        Distance ofA,
        NDArray b,
        Distance ofB,
        NDArray c,
        Distance ofC) {
      Mkl.Call call =
          new Mkl.Call(1, parts)
              .group(transposeA, transposeB, m, n, k, ofA.rows, ofB.rows, ofC.rows, 0);
      long atA = Mkl.address(a);
      long atB = Mkl.address(b);
      long atC = Mkl.address(c);
      for (int part = 0; part < parts; part++) {
        call.product(
            at(atA, part * ofA.parts), at(atB, part * ofB.parts), at(atC, part * ofC.parts));
      }
      call.run();
    }

    private static long at(long address, int number) {
      return address + (long) number * Float.BYTES;
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
