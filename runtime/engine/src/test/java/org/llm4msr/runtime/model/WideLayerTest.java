package org.llm4msr.runtime.model;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.llm4msr.api.internal.ChainedLayer;
import org.llm4msr.api.internal.Follow;
import org.llm4msr.api.model.Activation;
import org.llm4msr.api.model.Grouping.Segment;
import org.llm4msr.runtime.config.Precision;
import org.llm4msr.runtime.kernels.ProductSizes;

/** A layer that is cut into columns, against loops in double precision. */
class WideLayerTest extends ProductsTest {

  private static final double LEAK = 0.01;

  /** Rows of three groups, the second of which has none: more than one tile, and less. */
  private static final List<Segment> SEGMENTS =
      List.of(new Segment(0, 0, 300), new Segment(2, 300, 305));

  private static final int GROUPS = 3;
  private static final int PARTS = 2;
  private static final int IN = 70;
  private static final int OUT = 1400;

  @ParameterizedTest
  @EnumSource(Precision.class)
  void passesRowsAndGradients(Precision precision) {
    check(precision, SEGMENTS, new Case(305, GROUPS, PARTS, IN, OUT));
  }

  /** All threads work on columns of one matrix: the gradient of the rows has several sums. */
  @ParameterizedTest
  @EnumSource(Precision.class)
  void sharesOneMatrix(Precision precision) {
    check(precision, List.of(new Segment(0, 0, 20)), new Case(20, 1, 1, 64, 1000));
  }

  private record Case(int rows, int groups, int parts, int in, int out) {

    int rowIn() {
      return parts * in;
    }

    int rowOut() {
      return parts * out;
    }
  }

  /** Applies the layer twice, so that gradients are written and added. */
  private void check(Precision precision, List<Segment> segments, Case c) {
    float[] x = draw(c.rows * c.rowIn());
    float[] w = draw(c.groups * c.parts * c.in * c.out);
    float[] b = draw(c.groups * c.rowOut());
    float[] dy = draw(c.rows * c.rowOut());
    float[] mask = mask(dy.length);
    NDArray rows = manager.create(x, new Shape(c.rows, c.rowIn()));
    rows.setRequiresGradient(true);
    ParameterArray weight = parameter("w", w, c.groups, c.parts, c.in, c.out);
    ParameterArray bias = parameter("bias", b, c.groups, c.rowOut());
    dirty(weight);
    dirty(bias);
    Follow follow = new Follow(Activation.LEAKY_RELU, shape -> manager.create(mask, shape));
    Tape tape = Tape.of(manager, workers, precision, true);
    Supplier<RowLayer.Parts> parts =
        () ->
            new RowLayer.Parts(
                ProductSizes.ofGroups(weight.shape()),
                GroupArray.of(tape, weight),
                GroupArray.of(tape, bias),
                follow);
    float[] y;
    try (GradientCollector collector = TestEngine.engine().newGradientCollector()) {
      NDArray first = new WideLayer(tape, segments, c.groups, rows, parts.get()).apply(() -> {});
      NDArray second = new WideLayer(tape, segments, c.groups, rows, parts.get()).apply(() -> {});
      tape.backward(collector, first.add(second).mul(manager.create(dy, first.getShape())).sum());
      y = first.toFloatArray();
      assertThat(second.toFloatArray()).isEqualTo(y);
    }

    double[] rx = numbers(precision, x);
    double[] rw = numbers(precision, w);
    double[] expected = new double[y.length];
    float[] products = new float[y.length];
    double[] db = new double[b.length];
    for (Segment segment : segments) {
      for (int row = segment.from(); row < segment.to(); row++) {
        for (int column = 0; column < c.rowOut(); column++) {
          int k = row * c.rowOut() + column;
          int atBias = segment.group() * c.rowOut() + column;
          double z = b[atBias];
          for (int i = 0; i < c.in; i++) {
            z += rx[atX(c, row, column, i)] * rw[atW(c, segment.group(), column, i)];
          }
          expected[k] = mask[k] * Math.max(z, LEAK * z);
          products[k] = (float) (dy[k] * mask[k] * (z > 0 ? 1 : LEAK));
          db[atBias] += 2 * products[k];
        }
      }
    }
    double[] rdy = numbers(precision, products);
    double[] dx = new double[x.length];
    double[] dw = new double[w.length];
    for (Segment segment : segments) {
      for (int row = segment.from(); row < segment.to(); row++) {
        for (int column = 0; column < c.rowOut(); column++) {
          double gradient = 2 * rdy[row * c.rowOut() + column];
          for (int i = 0; i < c.in; i++) {
            int atX = atX(c, row, column, i);
            int atW = atW(c, segment.group(), column, i);
            dx[atX] += gradient * rw[atW];
            dw[atW] += gradient * rx[atX];
          }
        }
      }
    }
    assertClose(y, expected);
    assertClose(rows.getGradient().toFloatArray(), dx);
    assertClose(gradient(weight), dw);
    assertClose(gradient(bias), db);
  }

  private static int atX(Case c, int row, int column, int i) {
    return (row * c.parts + column / c.out) * c.in + i;
  }

  private static int atW(Case c, int group, int column, int i) {
    return ((group * c.parts + column / c.out) * c.in + i) * c.out + column % c.out;
  }

  private float[] mask(int count) {
    float[] mask = new float[count];
    for (int i = 0; i < count; i++) {
      mask[i] = 2 * random.nextInt(2);
    }
    return mask;
  }

  /** The memory of a gradient is reused: what it had before must not stay. */
  private static void dirty(ParameterArray parameter) {
    ByteBuffer earlier = parameter.written().write();
    for (int i = 0; i < parameter.shape().size(); i++) {
      earlier.putFloat(i * Float.BYTES, 7);
    }
    parameter.written().reset();
  }

  private static double[] numbers(Precision precision, float[] values) {
    double[] numbers = new double[values.length];
    Arrays.setAll(
        numbers, i -> precision == Precision.FLOAT32 ? values[i] : Halves.rounded(values[i]));
    return numbers;
  }

  private static void assertClose(float[] values, double[] expected) {
    assertThat(values).hasSameSizeAs(expected);
    double largest = 0;
    for (int i = 0; i < values.length; i++) {
      largest = Math.max(largest, Math.abs(values[i] - expected[i]));
    }
    assertThat(largest).isLessThan(2e-3);
  }

  /** Rows go through a wide layer, and a narrow one behind it. */
  @Test
  void isALinkOfAChain() {
    int rows = 20;
    int in = 64;
    int wide = 1000;
    float[] x = draw(rows * in);
    float[] w = draw(in * wide);
    float[] v = draw(wide);
    float[] dy = draw(rows);
    NDArray input = manager.create(x, new Shape(rows, in));
    input.setRequiresGradient(true);
    ParameterArray first = parameter("first", w, in, wide);
    ParameterArray second = parameter("second", v, wide, 1);
    List<ChainedLayer> chain =
        List.of(
            new ChainedLayer(first, null, new Follow(Activation.RELU, null)),
            new ChainedLayer(second, null, Follow.NOTHING));
    Tape tape = Tape.of(manager, workers, Precision.FLOAT32, true);
    float[] y;
    try (GradientCollector collector = TestEngine.engine().newGradientCollector()) {
      NDArray result = new DenseLayers(tape).layers(input, chain).orElseThrow();
      tape.backward(collector, result.mul(manager.create(dy, result.getShape())).sum());
      y = result.toFloatArray();
    }

    double[] expected = new double[rows];
    double[] dx = new double[x.length];
    double[] dw = new double[w.length];
    for (int row = 0; row < rows; row++) {
      for (int j = 0; j < wide; j++) {
        double z = 0;
        for (int i = 0; i < in; i++) {
          z += (double) x[row * in + i] * w[i * wide + j];
        }
        expected[row] += Math.max(0, z) * v[j];
        double gradient = z > 0 ? (double) dy[row] * v[j] : 0;
        for (int i = 0; i < in; i++) {
          dx[row * in + i] += gradient * w[i * wide + j];
          dw[i * wide + j] += gradient * x[row * in + i];
        }
      }
    }
    assertClose(y, expected);
    assertClose(input.getGradient().toFloatArray(), dx);
    assertClose(gradient(first), dw);
  }

  /** The gradients of the weights and of their factors come from that of the product. */
  @Test
  void scalesWeights() {
    int rows = 20;
    int in = 64;
    int out = 1000;
    float[] x = draw(rows * in);
    float[] w = draw(in * out);
    float[] factors = draw(in * out);
    float[] dy = draw(rows * out);
    ParameterArray weight = parameter("w", w, 1, in, out);
    ParameterArray factor = parameter("factor", factors, in, out);
    Tape tape = Tape.of(manager, workers, Precision.FLOAT32, true);
    OrderedProducts products = new OrderedProducts(tape, rows, 1, List.of(new Segment(0, 0, rows)));
    try (GradientCollector collector = TestEngine.engine().newGradientCollector()) {
      NDArray result =
          products.multiplyScaled(
              manager.create(x, new Shape(rows, in)),
              weight,
              factor,
              manager.zeros(new Shape(1, out)));
      tape.backward(collector, result.mul(manager.create(dy, result.getShape())).sum());
    }

    double[] ofWeights = new double[w.length];
    double[] ofFactors = new double[w.length];
    for (int k = 0; k < w.length; k++) {
      double ofProduct = 0;
      for (int row = 0; row < rows; row++) {
        ofProduct += (double) x[row * in + k / out] * dy[row * out + k % out];
      }
      ofWeights[k] = ofProduct * factors[k];
      ofFactors[k] = ofProduct * w[k];
    }
    assertClose(gradient(weight), ofWeights);
    assertClose(gradient(factor), ofFactors);
  }

  /** 20 rows are few beside 64,000 weights, 10,000 are not, nor does a small matrix pay. */
  @Test
  void servesFewRowsOfManyWeights() {
    assertThat(pays(20, 64, 1000, 10, 2)).isTrue();
    assertThat(pays(10_000, 64, 1000, 200, 2)).isFalse();
    assertThat(pays(20, 64, 500, 10, 2)).isFalse();
    assertThat(pays(20, 64, 1000, 20, 2)).as("all rows in one chunk").isFalse();
    assertThat(pays(20, 1000, 64, 10, 2)).as("columns for one thread").isFalse();
    assertThat(pays(4096, 512, 128, 400, 2)).as("rows are read once, but are many").isFalse();
  }

  private boolean pays(int rows, int in, int out, int rowsOfChunk, int threads) {
    ProductSizes sizes = new ProductSizes(1, in, out);
    NDArray weight = manager.zeros(new Shape(in, out));
    Tape tape = Tape.of(manager, workers, Precision.FLOAT32, false);
    RowLayer.Parts parts =
        new RowLayer.Parts(sizes, GroupArray.of(tape, weight), null, Follow.NOTHING);
    return WideLayer.pays(parts, rows, 1, rowsOfChunk, threads);
  }
}
