package org.llm4msr.runtime.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.llm4msr.api.internal.ChainedLayer;
import org.llm4msr.api.internal.Follow;
import org.llm4msr.api.model.Grouping.Segment;
import org.llm4msr.runtime.config.Precision;

/** A layer in bfloat16 is one of rounded rows, weights and gradients. */
class HalfProductsTest extends ProductsTest {

  private static final int ROWS = 60;
  private static final int PARTS = 2;
  private static final int IN = 64;
  private static final int OUT = 96;

  private static double[] rounded(float[] values) {
    double[] rounded = new double[values.length];
    Arrays.setAll(rounded, i -> Halves.rounded(values[i]));
    return rounded;
  }

  private static void assertClose(float[] values, double[] expected, double error) {
    double[] doubles = new double[values.length];
    Arrays.setAll(doubles, i -> values[i]);
    assertThat(doubles).containsExactly(expected, within(error));
  }

  @ParameterizedTest
  @CsvSource({"64, 96", "150, 64"}) // Several threads write the gradient of columns, or of rows.
  void multipliesRoundedNumbersAndSumsInFloat(int in, int out) {
    float[] x = draw(ROWS * PARTS * in);
    float[] w = draw(PARTS * in * out);
    float[] b = draw(PARTS * out);
    float[] dy = draw(ROWS * PARTS * out);
    NDArray rows = manager.create(x, new Shape(ROWS, PARTS * in));
    rows.setRequiresGradient(true);
    ParameterArray weight = parameter("w", w, PARTS, in, out);
    ParameterArray bias = parameter("bias", b, PARTS * out);
    Tape tape = Tape.of(manager, workers, Precision.BFLOAT16, true);
    float[] y;
    try (GradientCollector collector = TestEngine.engine().newGradientCollector()) {
      NDArray result = layer(tape, rows, weight, bias);
      tape.backward(collector, result.mul(manager.create(dy, result.getShape())).sum());
      y = result.toFloatArray();
    }

    double[] rx = rounded(x);
    double[] rw = rounded(w);
    double[] rdy = rounded(dy);
    double[] expected = new double[y.length];
    double[] dx = new double[x.length];
    double[] dw = new double[w.length];
    double[] db = new double[b.length];
    for (int k = 0; k < y.length; k++) {
      int row = k / (PARTS * out);
      int part = k % (PARTS * out) / out;
      expected[k] = b[k % (PARTS * out)];
      db[k % (PARTS * out)] += dy[k];
      for (int i = 0; i < in; i++) {
        int atX = (row * PARTS + part) * in + i;
        int atW = (part * in + i) * out + k % out;
        expected[k] += rx[atX] * rw[atW];
        dx[atX] += rdy[k] * rw[atW];
        dw[atW] += rdy[k] * rx[atX];
      }
    }
    assertClose(y, expected, 1e-4);
    assertClose(rows.getGradient().toFloatArray(), dx, 1e-4);
    assertClose(gradient(weight), dw, 1e-4);
    assertClose(gradient(bias), db, 1e-4);
  }

  @Test
  void multipliesTheSameWithoutARecord() {
    float[] x = draw(2 * IN);
    float[] w = draw(IN * OUT);
    NDArray rows = manager.create(x, new Shape(2, IN));
    ParameterArray weight = parameter("w", w, IN, OUT);
    ParameterArray bias = parameter("bias", new float[OUT], OUT);
    Tape tape = Tape.of(manager, workers, Precision.BFLOAT16, false);

    NDArray y = layer(tape, rows, weight, bias);

    double[] rx = rounded(x);
    double[] rw = rounded(w);
    double[] expected = new double[2 * OUT];
    for (int k = 0; k < expected.length; k++) {
      for (int i = 0; i < IN; i++) {
        expected[k] += rx[k / OUT * IN + i] * rw[i * OUT + k % OUT];
      }
    }
    assertThat(tape.records()).isFalse();
    assertClose(y.toFloatArray(), expected, 1e-5);
  }

  /** The memory of a gradient is reused: what a group without rows had before must not stay. */
  @Test
  void groupsWithoutRowsGetZeros() {
    NDArray rows = manager.ones(new Shape(3, IN));
    int numbers = IN * OUT;
    ParameterArray weight = parameter("w", new float[3 * numbers], 3, IN, OUT);
    ByteBuffer earlier = weight.written().write();
    for (int i = 0; i < 3 * numbers; i++) {
      earlier.putFloat(i * Float.BYTES, 7);
    }
    weight.written().reset();
    Tape tape = Tape.of(manager, workers, Precision.BFLOAT16, true);
    List<Segment> segments = List.of(new Segment(0, 0, 2), new Segment(2, 2, 3));
    OrderedProducts products = new OrderedProducts(tape, 3, 3, segments);
    try (GradientCollector collector = TestEngine.engine().newGradientCollector()) {
      NDArray y = products.multiply(rows, weight, null, Follow.NOTHING);
      tape.backward(collector, y.sum());
    }

    float[] expected = new float[3 * numbers];
    Arrays.fill(expected, 0, numbers, 2);
    Arrays.fill(expected, 2 * numbers, 3 * numbers, 1);
    assertThat(gradient(weight)).containsExactly(expected);
  }

  /** To round rows for a product with few columns takes longer than the product. */
  @Test
  void leavesSmallLayersInFloat() {
    float[] x = draw(4 * IN);
    float[] w = draw(IN * 2);
    ParameterArray weight = parameter("w", w, IN, 2);
    ParameterArray bias = parameter("bias", new float[2], 2);
    Tape tape = Tape.of(manager, workers, Precision.BFLOAT16, false);

    NDArray y = layer(tape, manager.create(x, new Shape(4, IN)), weight, bias);

    double[] expected = new double[8];
    for (int k = 0; k < expected.length; k++) {
      for (int i = 0; i < IN; i++) {
        expected[k] += (double) x[k / 2 * IN + i] * w[i * 2 + k % 2];
      }
    }
    assertClose(y.toFloatArray(), expected, 1e-5);
  }

  /** Rounded weights are kept: they follow an optimiser's steps, and what is put back. */
  @Test
  void followsTheWeights() {
    NDArray rows = manager.ones(new Shape(1, IN));
    float[] values = new float[IN * OUT];
    ParameterArray weight = parameter("w", values, IN, OUT);
    ParameterArray bias = parameter("bias", new float[OUT], OUT);
    assertThat(multiplied(rows, weight, bias)).containsOnly(0);

    weight.values().put(OUT, 2);
    weight.parts().get(0).changed(OUT, OUT + 1);
    store.endStep();
    float[] one = new float[OUT];
    one[0] = 2;
    assertThat(multiplied(rows, weight, bias)).containsExactly(one);

    Arrays.fill(values, 1);
    weight.values().put(values);
    store.push();
    assertThat(multiplied(rows, weight, bias)).containsOnly(IN);
  }

  private float[] multiplied(NDArray rows, ParameterArray weight, ParameterArray bias) {
    Tape tape = Tape.of(manager, workers, Precision.BFLOAT16, false);
    return layer(tape, rows, weight, bias).toFloatArray();
  }

  private static NDArray layer(Tape tape, NDArray x, ParameterArray weight, ParameterArray bias) {
    ChainedLayer layer = new ChainedLayer(weight, bias, Follow.NOTHING);
    return new DenseLayers(tape).layers(x, List.of(layer)).orElseThrow();
  }
}
