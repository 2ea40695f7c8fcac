package org.llm4msr.runtime.model;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.llm4msr.api.internal.ChainedLayer;
import org.llm4msr.api.internal.Follow;
import org.llm4msr.api.model.Activation;

/** Rows that a layer adds to its product. */
class AddedRowsTest extends DifferencesTest {

  @ParameterizedTest
  @MethodSource("followers")
  void addsRowsBeforeWhatFollows(Activation activation, boolean drops) {
    double[] x = drawn(ROWS * IN);
    double[] w = drawn(IN * IN);
    double[] b = drawn(IN);
    double[] more = drawn(ROWS * IN);
    double[] factors = drawn(ROWS * IN);
    double[] mask = mask(drops, ROWS * IN);
    NDArray rows = array(x, ROWS, IN);
    NDArray plus = array(more, ROWS, IN);
    plus.setRequiresGradient(true);
    ParameterArray weight = parameter("w", w, IN, IN);
    ParameterArray bias = parameter("bias", b, IN);
    Follow follow = follow(activation, mask);

    double[] y =
        run(
            rows,
            factors,
            h -> {
              ChainedLayer first = new ChainedLayer(weight, bias, plus, follow);
              return layers.layers(h, List.of(first)).orElseThrow();
            });

    assertClose(y, sum(x, w, b, more, activation, mask));
    assertClose(
        doubles(rows.getGradient()),
        derivative(x, at -> dot(sum(at, w, b, more, activation, mask), factors)));
    assertClose(
        doubles(gradient(weight)),
        derivative(w, at -> dot(sum(x, at, b, more, activation, mask), factors)));
    assertClose(
        doubles(gradient(bias)),
        derivative(b, at -> dot(sum(x, w, at, more, activation, mask), factors)));
    assertClose(
        doubles(plus.getGradient()),
        derivative(more, at -> dot(sum(x, w, b, at, activation, mask), factors)));
  }

  /** What is added are the first rows, twice; what follows reads them as weights, or not at all. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void addsRowsThatAreReadOtherwise(boolean asWeights) {
    double[] x = drawn(IN * IN);
    double[] w = drawn(IN * IN);
    double[] v = drawn(IN * IN);
    double[] factors = drawn(IN * IN);
    NDArray rows = array(x, IN, IN);
    ParameterArray first = parameter("w", w, IN, IN);
    ParameterArray second = parameter("v", v, IN, IN);
    Follow leaky = new Follow(Activation.LEAKY_RELU, null);
    NDArray noBias = manager.zeros(new Shape(IN));

    double[] y =
        run(
            rows,
            factors,
            h -> {
              List<ChainedLayer> chain =
                  List.of(
                      new ChainedLayer(first, null, h, leaky),
                      new ChainedLayer(second, null, h, Follow.NOTHING));
              NDArray z = layers.layers(h, chain).orElseThrow();
              return asWeights ? layers.layer(z, h, noBias, Follow.NOTHING).orElseThrow() : z;
            });

    assertClose(y, residual(x, w, v, asWeights));
    assertClose(
        doubles(rows.getGradient()),
        derivative(x, at -> dot(residual(at, w, v, asWeights), factors)));
    assertClose(
        doubles(gradient(first)), derivative(w, at -> dot(residual(x, at, v, asWeights), factors)));
    assertClose(
        doubles(gradient(second)),
        derivative(v, at -> dot(residual(x, w, at, asWeights), factors)));
  }

  /** Two layers to which the rows that they read are added, and a product with those rows. */
  private static double[] residual(double[] x, double[] w, double[] v, boolean asWeights) {
    double[] none = new double[IN];
    double[] h = sum(x, w, none, x, Activation.LEAKY_RELU, null);
    double[] z = sum(h, v, none, x, Activation.NONE, null);
    return asWeights ? square(z, x, none) : z;
  }

  /** {@code act(x W + b + more)} of a square matrix. */
  private static double[] sum(
      double[] x,
      double[] w,
      double[] b,
      double[] more,
      Activation activation,
      double @Nullable [] mask) {
    double[] y = square(x, w, b);
    for (int k = 0; k < y.length; k++) {
      y[k] = follow(activation, y[k] + more[k]) * (mask == null ? 1 : mask[k]);
    }
    return y;
  }

  @Test
  void refusesRowsToAddOfAnotherShape() {
    NDArray rows = array(drawn(ROWS * IN), ROWS, IN);
    ParameterArray weight = parameter("w", drawn(IN * OUT), IN, OUT);
    List<ChainedLayer> chain = List.of(new ChainedLayer(weight, null, rows, Follow.NOTHING));

    assertThatThrownBy(() -> layers.layers(rows, chain))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("rows to add have the shape (7, 3), expected (7, 2)");
  }
}
