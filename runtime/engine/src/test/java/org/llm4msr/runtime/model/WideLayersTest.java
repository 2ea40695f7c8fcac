package org.llm4msr.runtime.model;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import java.nio.ByteBuffer;
import java.util.ArrayList;
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

/** Layers that are cut into columns, against loops in double precision. */
class WideLayersTest extends ProductsTest {

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
    float[] more = draw(dy.length);
    float[] mask = mask(dy.length);
    NDArray rows = manager.create(x, new Shape(c.rows, c.rowIn()));
    rows.setRequiresGradient(true);
    NDArray plus = manager.create(more, new Shape(c.rows, c.rowOut()));
    plus.setRequiresGradient(true);
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
                GroupArray.of(tape, plus),
                follow);
    float[] y;
    try (GradientCollector collector = TestEngine.engine().newGradientCollector()) {
      NDArray first = wide(tape, segments, c.groups, rows, parts.get());
      NDArray second = wide(tape, segments, c.groups, rows, parts.get());
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
          double z = b[atBias] + more[k];
          for (int i = 0; i < c.in; i++) {
            z += rx[atX(c, row, column, i)] * rw[atW(c, segment.group(), column, i)];
          }
          expected[k] = mask[k] * Math.max(z, LEAK * z);
          products[k] = (float) (dy[k] * mask[k] * (z > 0 ? 1 : LEAK));
          db[atBias] += 2 * products[k];
        }
      }
    }
    double[] dmore = new double[products.length];
    Arrays.setAll(dmore, k -> 2 * products[k]);
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
    assertClose(plus.getGradient().toFloatArray(), dmore);
  }

  private static NDArray wide(
      Tape tape, List<Segment> segments, int groups, NDArray rows, RowLayer.Parts parts) {
    return new WideLayers(tape, segments, groups, rows, List.of(parts)).apply(() -> {}).get(0);
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

  /** Nothing reads one of three layers; a fourth adds to the gradient of the rows before them. */
  @ParameterizedTest
  @EnumSource(Precision.class)
  void passesRowsThroughLayersSideBySide(Precision precision) {
    int rows = 20;
    int in = 64;
    int[] out = {1000, 70, 900, 3};
    boolean[] isRead = {true, true, false, true};
    float[] x = draw(rows * in);
    NDArray input = manager.create(x, new Shape(rows, in));
    input.setRequiresGradient(true);
    List<float[]> dy = Arrays.stream(out).mapToObj(columns -> draw(rows * columns)).toList();
    List<ParameterArray> weights = new ArrayList<>();
    List<ParameterArray> biases = new ArrayList<>();
    for (int columns : out) {
      ParameterArray weight = parameter("w" + columns, draw(in * columns), in, columns);
      dirty(weight);
      weights.add(weight);
      biases.add(parameter("b" + columns, draw(columns), columns));
    }
    Follow follow = new Follow(Activation.LEAKY_RELU, null);
    List<ChainedLayer> layers =
        List.of(
            new ChainedLayer(weights.get(0), biases.get(0), follow),
            new ChainedLayer(weights.get(1), null, follow),
            new ChainedLayer(weights.get(2), biases.get(2), follow));
    ChainedLayer last = new ChainedLayer(weights.get(3), biases.get(3), follow);
    Tape tape = Tape.of(manager, workers, precision, true);
    DenseLayers dense = new DenseLayers(tape);
    List<NDArray> results = new ArrayList<>();
    try (GradientCollector collector = TestEngine.engine().newGradientCollector()) {
      results.addAll(dense.sideBySide(input, layers).orElseThrow());
      results.add(dense.layers(input, List.of(last)).orElseThrow());
      NDArray loss = manager.zeros(new Shape());
      for (int k = 0; k < out.length; k++) {
        if (isRead[k]) {
          NDArray factors = manager.create(dy.get(k), new Shape(rows, out[k]));
          loss = loss.add(results.get(k).mul(factors).sum());
        }
      }
      tape.backward(collector, loss);
    }

    double[] dx = new double[x.length];
    for (int k = 0; k < out.length; k++) {
      Precision own = out[k] < RowLayer.LEAST_HALF ? Precision.FLOAT32 : precision;
      double[] rx = numbers(own, x);
      float[] w = new float[in * out[k]];
      weights.get(k).values().get(w);
      double[] rw = numbers(own, w);
      double[] y = new double[rows * out[k]];
      double[] dw = new double[in * out[k]];
      double[] db = new double[out[k]];
      float[] products = new float[rows * out[k]];
      for (int at = 0; at < y.length; at++) {
        int j = at % out[k];
        double z = k == 1 ? 0 : biases.get(k).values().get(j);
        for (int i = 0; i < in; i++) {
          z += rx[at / out[k] * in + i] * rw[i * out[k] + j];
        }
        y[at] = Math.max(z, LEAK * z);
        products[at] = isRead[k] ? (float) (dy.get(k)[at] * (z > 0 ? 1 : LEAK)) : 0;
        db[j] += k == 1 ? 0 : products[at];
      }
      double[] gradients = numbers(own, products);
      for (int at = 0; at < y.length; at++) {
        for (int i = 0; i < in; i++) {
          int atX = at / out[k] * in + i;
          int atW = i * out[k] + at % out[k];
          dx[atX] += gradients[at] * rw[atW];
          dw[atW] += gradients[at] * rx[atX];
        }
      }
      assertClose(results.get(k).toFloatArray(), y);
      assertClose(gradient(weights.get(k)), dw);
      assertClose(gradient(biases.get(k)), db);
    }
    assertClose(input.getGradient().toFloatArray(), dx);
  }

  /** Two threads would write one gradient; narrow layers gain nothing; the engine has tanh. */
  @Test
  void leavesLayersThatDoNotGoTogether() {
    NDArray rows = manager.create(draw(20 * 64), new Shape(20, 64));
    ParameterArray wide = parameter("wide", draw(64 * 1000), 64, 1000);
    ParameterArray bias = parameter("bias", draw(1000), 1000);
    ParameterArray narrow = parameter("narrow", draw(64 * 3), 64, 3);
    ParameterArray three = parameter("three", draw(3), 3);
    ChainedLayer first = new ChainedLayer(wide, bias, Follow.NOTHING);
    ChainedLayer second = new ChainedLayer(narrow, three, Follow.NOTHING);
    ChainedLayer tanh = new ChainedLayer(narrow, three, new Follow(Activation.TANH, null));
    DenseLayers dense = new DenseLayers(Tape.of(manager, workers, Precision.FLOAT32, true));

    assertThat(dense.sideBySide(rows, List.of(first, second))).isPresent();
    assertThat(dense.sideBySide(rows, List.of(first, first))).isEmpty();
    assertThat(dense.sideBySide(rows, List.of(second))).isEmpty();
    assertThat(dense.sideBySide(rows, List.of(first, tanh))).isEmpty();
  }

  /** 32,768 times 16,384 floats are 2 GiB, where a buffer of Java ends. */
  @Test
  void leavesResultsThatJavaCannotAddress() {
    ParameterArray wide = parameter("wide", draw(64 * 16_384), 64, 16_384);
    List<ChainedLayer> layers = List.of(new ChainedLayer(wide, null, Follow.NOTHING));
    DenseLayers dense = new DenseLayers(Tape.of(manager, workers, Precision.FLOAT32, true));

    NDArray rows = manager.zeros(new Shape(32_768, 64));
    assertThat(dense.sideBySide(rows, layers)).isEmpty();
    assertThat(dense.sideBySide(rows.get("0:100"), layers)).isPresent();
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
    return WideLayers.pays(new ProductSizes(1, in, out), rows, 1, rowsOfChunk, threads);
  }
}
