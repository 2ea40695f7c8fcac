package org.llm4msr.runtime.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.llm4msr.api.internal.ChainedLayer;
import org.llm4msr.api.internal.Follow;
import org.llm4msr.api.internal.RowProducts.Normalized;
import org.llm4msr.api.model.Activation;

/** Layers, normalisation and mixtures of the rows of a batch. */
class DenseLayersTest extends DifferencesTest {

  private static final int PARTS = 2;
  private static final int ROW_IN = PARTS * IN;
  private static final int ROW_OUT = PARTS * OUT;
  private static final float EPSILON = 1e-5f;

  private NDArray layer(NDArray x, ParameterArray weight, ParameterArray bias, Follow follow) {
    return layers.layers(x, List.of(new ChainedLayer(weight, bias, follow))).orElseThrow();
  }

  /** Two matrices (3, 2), each for its own half of the row. */
  private static double[] layer(
      double[] x, double[] w, double[] bias, Activation activation, double @Nullable [] mask) {
    double[] y = new double[x.length / ROW_IN * ROW_OUT];
    for (int k = 0; k < y.length; k++) {
      int row = k / ROW_OUT;
      int part = k % ROW_OUT / OUT;
      double product = bias[k % ROW_OUT];
      for (int i = 0; i < IN; i++) {
        product += x[row * ROW_IN + part * IN + i] * w[(part * IN + i) * OUT + k % OUT];
      }
      y[k] = follow(activation, product) * (mask == null ? 1 : mask[k]);
    }
    return y;
  }

  @ParameterizedTest
  @MethodSource("followers")
  void layerWithWhatFollows(Activation activation, boolean drops) {
    double[] x = drawn(ROWS * ROW_IN);
    double[] w = drawn(PARTS * IN * OUT);
    double[] b = drawn(ROW_OUT);
    double[] factors = drawn(ROWS * ROW_OUT);
    double[] mask = mask(drops, ROWS * ROW_OUT);
    NDArray rows = array(x, ROWS, ROW_IN);
    ParameterArray weight = parameter("w", w, PARTS, IN, OUT);
    ParameterArray bias = parameter("bias", b, ROW_OUT);

    double[] y = run(rows, factors, h -> layer(h, weight, bias, follow(activation, mask)));

    assertClose(y, layer(x, w, b, activation, mask));
    assertClose(
        doubles(rows.getGradient()),
        derivative(x, at -> dot(layer(at, w, b, activation, mask), factors)));
    assertClose(
        doubles(gradient(weight)),
        derivative(w, at -> dot(layer(x, at, b, activation, mask), factors)));
    assertClose(
        doubles(gradient(bias)),
        derivative(b, at -> dot(layer(x, w, at, activation, mask), factors)));
  }

  private static double[] normalize(
      double[] x, double[] scale, double[] shift, Activation activation, double @Nullable [] mask) {
    int columns = scale.length;
    int rows = x.length / columns;
    double[] y = new double[x.length];
    for (int j = 0; j < columns; j++) {
      double mean = 0;
      double variance = 0;
      for (int row = 0; row < rows; row++) {
        mean += x[row * columns + j] / rows;
      }
      for (int row = 0; row < rows; row++) {
        variance += Math.pow(x[row * columns + j] - mean, 2) / rows;
      }
      for (int i = j; i < x.length; i += columns) {
        double normalised = (x[i] - mean) / Math.sqrt(variance + EPSILON);
        y[i] = follow(activation, normalised * scale[j] + shift[j]) * (mask == null ? 1 : mask[i]);
      }
    }
    return y;
  }

  @ParameterizedTest
  @MethodSource("followers")
  void normalisationWithWhatFollows(Activation activation, boolean drops) {
    double[] x = drawn(ROWS * OUT);
    double[] scale = drawn(OUT);
    double[] shift = drawn(OUT);
    double[] factors = drawn(ROWS * OUT);
    double[] mask = mask(drops, ROWS * OUT);
    NDArray rows = array(x, ROWS, OUT);
    NDArray scales = array(scale, OUT);
    NDArray shifts = array(shift, OUT);
    scales.setRequiresGradient(true);
    shifts.setRequiresGradient(true);

    double[] y =
        run(
            rows,
            factors,
            h -> layers.normalize(h, scales, shifts, EPSILON, follow(activation, mask)).rows());

    assertClose(y, normalize(x, scale, shift, activation, mask));
    assertClose(
        doubles(rows.getGradient()),
        derivative(x, at -> dot(normalize(at, scale, shift, activation, mask), factors)));
    assertClose(
        doubles(scales.getGradient()),
        derivative(scale, at -> dot(normalize(x, at, shift, activation, mask), factors)));
    assertClose(
        doubles(shifts.getGradient()),
        derivative(shift, at -> dot(normalize(x, scale, at, activation, mask), factors)));
  }

  /** Columns 1, 3 and 10, 14: means 2 and 12, variances 1 and 4. */
  @Test
  void normalisationTellsItsStatistics() {
    NDArray rows = manager.create(new float[] {1, 10, 3, 14}, new Shape(2, 2));
    NDArray ones = manager.ones(new Shape(2));

    Normalized normalized = layers.normalize(rows, ones, ones, 0, Follow.NOTHING);

    assertThat(normalized.mean().toFloatArray()).containsExactly(2, 12);
    assertThat(normalized.variance().toFloatArray()).containsExactly(1, 4);
    assertThat(normalized.rows().toFloatArray()).containsExactly(0, 0, 2, 2);
  }

  /** Three experts of five units each. */
  private static double[] mix(double[] weights, double[] outputs) {
    double[] y = new double[weights.length / 3 * 5];
    for (int k = 0; k < y.length; k++) {
      for (int e = 0; e < 3; e++) {
        int expert = k / 5 * 3 + e;
        y[k] += weights[expert] * outputs[expert * 5 + k % 5];
      }
    }
    return y;
  }

  @Test
  void mixesExperts() {
    double[] w = drawn(ROWS * 3);
    double[] x = drawn(ROWS * 3 * 5);
    double[] factors = drawn(ROWS * 5);
    NDArray weights = array(w, ROWS, 3);
    weights.setRequiresGradient(true);
    NDArray outputs = array(x, ROWS, 3 * 5);

    double[] y =
        run(
            outputs,
            factors,
            rows -> layers.mix(weights, layers.reshape(rows, new Shape(ROWS, 3, 5))));

    assertClose(y, mix(w, x));
    assertClose(doubles(weights.getGradient()), derivative(w, at -> dot(mix(at, x), factors)));
    assertClose(doubles(outputs.getGradient()), derivative(x, at -> dot(mix(w, at), factors)));
    assertThatThrownBy(() -> layers.mix(weights, array(x, ROWS, 5, 3)))
        .hasMessage("weights have the shape (7, 3), expected (7, 5)");
  }

  /** Many rows, which several threads take in chunks, give what few give. */
  @Test
  void chunksDoNotShow() {
    int rows = 10_000;
    double[] x = drawn(rows * ROW_IN);
    double[] w = drawn(PARTS * IN * OUT);
    double[] b = drawn(ROW_OUT);
    double[] factors = drawn(rows * ROW_OUT);
    NDArray input = array(x, rows, ROW_IN);
    ParameterArray weight = parameter("w", w, PARTS, IN, OUT);
    ParameterArray bias = parameter("bias", b, ROW_OUT);

    double[] y = run(input, factors, h -> layer(h, weight, bias, follow(Activation.RELU, null)));

    double[] expected = layer(x, w, b, Activation.RELU, null);
    double[] dBias = new double[ROW_OUT];
    double[] dInput = new double[x.length];
    for (int k = 0; k < y.length; k++) {
      double dy = expected[k] > 0 ? factors[k] : 0;
      dBias[k % ROW_OUT] += dy;
      int part = k % ROW_OUT / OUT;
      for (int i = 0; i < IN; i++) {
        dInput[k / ROW_OUT * ROW_IN + part * IN + i] += dy * w[(part * IN + i) * OUT + k % OUT];
      }
    }
    assertClose(y, expected);
    assertThat(doubles(gradient(bias))).containsExactly(dBias, within(1e-3));
    assertClose(doubles(input.getGradient()), dInput);
  }

  /** More rows than one block of the mixture has. */
  @Test
  void mixesManyRows() {
    int rows = 300;
    double[] w = drawn(rows * 3);
    double[] x = drawn(rows * 3 * 5);
    double[] factors = drawn(rows * 5);
    NDArray weights = array(w, rows, 3);
    weights.setRequiresGradient(true);
    NDArray outputs = array(x, rows, 3 * 5);

    double[] y =
        run(outputs, factors, h -> layers.mix(weights, layers.reshape(h, new Shape(rows, 3, 5))));

    double[] dWeights = new double[w.length];
    double[] dOutputs = new double[x.length];
    for (int k = 0; k < y.length; k++) {
      for (int e = 0; e < 3; e++) {
        int expert = k / 5 * 3 + e;
        dWeights[expert] += factors[k] * x[expert * 5 + k % 5];
        dOutputs[expert * 5 + k % 5] += factors[k] * w[expert];
      }
    }
    assertClose(y, mix(w, x));
    assertClose(doubles(weights.getGradient()), dWeights);
    assertClose(doubles(outputs.getGradient()), dOutputs);
  }

  @Test
  void addsTheGradientsOfALayerThatIsUsedTwice() {
    double[] x = drawn(ROWS * ROW_IN);
    double[] w = drawn(PARTS * IN * OUT);
    double[] b = drawn(ROW_OUT);
    double[] factors = drawn(ROWS * ROW_OUT);
    NDArray rows = array(x, ROWS, ROW_IN);
    ParameterArray weight = parameter("w", w, PARTS, IN, OUT);
    ParameterArray bias = parameter("bias", b, ROW_OUT);
    Network network = h -> layer(h, weight, bias, follow(Activation.RELU, null));

    run(rows, factors, h -> network.of(h).add(network.of(h)));

    double[] twice = twice(factors);
    assertClose(
        doubles(rows.getGradient()),
        derivative(x, at -> dot(layer(at, w, b, Activation.RELU, null), twice)));
    assertClose(
        doubles(gradient(weight)),
        derivative(w, at -> dot(layer(x, at, b, Activation.RELU, null), twice)));
    assertClose(
        doubles(gradient(bias)),
        derivative(b, at -> dot(layer(x, w, at, Activation.RELU, null), twice)));
  }

  /** Threads that computed both gradients at once would sometimes be right. */
  @RepeatedTest(20)
  void addsTheGradientsOfALayerThatFollowsItself() {
    double[] x = drawn(ROWS * IN);
    double[] w = drawn(IN * IN);
    double[] b = drawn(IN);
    double[] factors = drawn(ROWS * IN);
    NDArray rows = array(x, ROWS, IN);
    ParameterArray weight = parameter("w", w, IN, IN);
    ParameterArray bias = parameter("bias", b, IN);
    ChainedLayer layer = new ChainedLayer(weight, bias, Follow.NOTHING);

    double[] y = run(rows, factors, h -> layers.layers(h, List.of(layer, layer)).orElseThrow());

    assertClose(y, twice(x, w, b));
    assertClose(doubles(rows.getGradient()), derivative(x, at -> dot(twice(at, w, b), factors)));
    assertClose(doubles(gradient(weight)), derivative(w, at -> dot(twice(x, at, b), factors)));
    assertClose(doubles(gradient(bias)), derivative(b, at -> dot(twice(x, w, at), factors)));
  }

  /** The gradient of v W + v is that of the result, times W transposed plus one. */
  @Test
  void addsTheGradientOfRowsThatAreTheBias() {
    double[] x = drawn(IN);
    double[] w = drawn(IN * IN);
    double[] factors = drawn(IN);
    NDArray row = array(x, 1, IN);

    run(row, factors, v -> layers.layer(v, array(w, IN, IN), v, Follow.NOTHING).orElseThrow());

    assertClose(doubles(row.getGradient()), derivative(x, at -> dot(square(at, w, at), factors)));
  }

  /** The engine gives the gradient of a transposed array the order of that array. */
  @Test
  void addsTheGradientOfRowsThatLieTransposed() {
    double[] x = drawn(IN * ROWS);
    double[] w = drawn(IN * IN);
    double[] factors = drawn(ROWS * IN);
    NDArray columns = array(x, IN, ROWS);
    ParameterArray weight = parameter("w", w, IN, IN);
    ParameterArray bias = parameter("bias", new double[IN], IN);

    run(
        columns,
        factors,
        given -> {
          NDArray rows = given.transpose();
          NDArray product = layer(rows, weight, bias, Follow.NOTHING);
          NDArray same = layers.reshape(rows, new Shape(ROWS, IN, 1)).squeeze(2);
          return product.add(same.mul(same));
        });

    assertClose(
        doubles(columns.getGradient()),
        derivative(x, at -> dot(productAndSquares(transposed(at), w), factors)));
  }

  private static double[] transposed(double[] columns) {
    double[] rows = new double[columns.length];
    for (int k = 0; k < rows.length; k++) {
      rows[k] = columns[k % IN * ROWS + k / IN];
    }
    return rows;
  }

  private static double[] productAndSquares(double[] rows, double[] w) {
    double[] y = square(rows, w, new double[IN]);
    for (int k = 0; k < y.length; k++) {
      y[k] += rows[k] * rows[k];
    }
    return y;
  }

  private static double[] twice(double[] x, double[] w, double[] bias) {
    return square(square(x, w, bias), w, bias);
  }

  /** Weights of few columns: each thread writes the gradient of some rows. */
  @ParameterizedTest
  @ValueSource(ints = {300, 101})
  void addsTheGradientsOfTallWeights(int in) {
    double[] x = drawn(ROWS * in);
    double[] w = drawn(in * OUT);
    double[] factors = drawn(ROWS * OUT);
    NDArray rows = array(x, ROWS, in);
    ParameterArray weight = parameter("w", w, in, OUT);
    ParameterArray bias = parameter("bias", drawn(OUT), OUT);
    Network network = h -> layer(h, weight, bias, follow(Activation.NONE, null));

    run(rows, factors, h -> network.of(h).add(network.of(h)));

    double[] dWeight = new double[w.length];
    for (int row = 0; row < ROWS; row++) {
      for (int at = 0; at < w.length; at++) {
        dWeight[at] += 2 * x[row * in + at / OUT] * factors[row * OUT + at % OUT];
      }
    }
    assertClose(doubles(gradient(weight)), dWeight);
  }

  private static double[] twice(double[] values) {
    return Arrays.stream(values).map(value -> 2 * value).toArray();
  }

  /** 2 GiB hold 536,870,911 numbers and a byte less. */
  @Test
  void leavesToTheEngineWhatJavaCannotAddress() {
    assertThat(DenseLayers.hasRoom(536_870_911L)).isTrue();
    assertThat(DenseLayers.hasRoom(536_870_912L)).isFalse();
  }

  @Test
  void namesWhatDoesNotFit() {
    ParameterArray weight = parameter("w", drawn(6), IN, OUT);
    ParameterArray bias = parameter("bias", drawn(3), IN);
    NDArray rows = array(drawn(6), 2, IN);

    assertThatThrownBy(() -> layer(rows, weight, bias, Follow.NOTHING))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("biases have the shape (3), expected (2)");
    assertThatThrownBy(() -> layer(rows, bias, bias, Follow.NOTHING))
        .hasMessage("weights are (3), not (n, m)");
    assertThatThrownBy(() -> layer(array(drawn(4), 2, OUT), weight, bias, Follow.NOTHING))
        .hasMessage("rows have the shape (2, 2), expected (2, 3)");
  }
}
