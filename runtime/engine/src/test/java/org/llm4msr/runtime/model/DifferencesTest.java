package org.llm4msr.runtime.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import java.util.Arrays;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.provider.Arguments;
import org.llm4msr.api.internal.Follow;
import org.llm4msr.api.model.Activation;
import org.llm4msr.runtime.config.Precision;

/** Values against loops in double precision, gradients against the differences of their loss. */
abstract class DifferencesTest extends ProductsTest {

  static final int ROWS = 7;
  static final int IN = 3;
  static final int OUT = 2;
  private static final double STEP = 1e-5;

  final Tape tape = Tape.of(manager, workers, Precision.FLOAT32, true);
  final DenseLayers layers = new DenseLayers(tape);

  static Stream<Arguments> followers() {
    return Arrays.stream(Activation.values())
        .flatMap(
            activation -> Stream.of(false, true).map(drops -> Arguments.of(activation, drops)));
  }

  double[] drawn(int count) {
    return doubles(draw(count));
  }

  /** A half of the units is dropped, the others are doubled. */
  double @Nullable [] mask(boolean drops, int count) {
    return drops ? random.ints(count, 0, 2).mapToDouble(kept -> 2 * kept).toArray() : null;
  }

  static float[] floats(double[] values) {
    float[] floats = new float[values.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) values[i];
    }
    return floats;
  }

  static double[] doubles(NDArray array) {
    return doubles(array.toFloatArray());
  }

  static double[] doubles(float[] values) {
    double[] doubles = new double[values.length];
    Arrays.setAll(doubles, i -> values[i]);
    return doubles;
  }

  NDArray array(double[] values, long... shape) {
    return manager.create(floats(values), new Shape(shape));
  }

  ParameterArray parameter(String name, double[] values, long... shape) {
    return parameter(name, floats(values), shape);
  }

  Follow follow(Activation activation, double @Nullable [] mask) {
    return new Follow(
        activation, mask == null ? null : shape -> manager.create(floats(mask), shape));
  }

  static double follow(Activation activation, double x) {
    return switch (activation) {
      case NONE -> x;
      case RELU -> Math.max(0, x);
      case LEAKY_RELU -> x > 0 ? x : 0.01 * x;
      case TANH -> Math.tanh(x);
      case SIGMOID -> 1 / (1 + Math.exp(-x));
    };
  }

  /** The derivative of a function by differences. */
  static double[] derivative(double[] at, ToDoubleFunction<double[]> function) {
    double[] derivative = new double[at.length];
    for (int i = 0; i < at.length; i++) {
      double[] up = at.clone();
      double[] down = at.clone();
      up[i] += STEP;
      down[i] -= STEP;
      derivative[i] = (function.applyAsDouble(up) - function.applyAsDouble(down)) / (2 * STEP);
    }
    return derivative;
  }

  static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }

  static void assertClose(double[] values, double[] expected) {
    assertThat(values).containsExactly(expected, within(2e-5));
  }

  interface Network {
    NDArray of(NDArray rows);
  }

  /** Runs forward, then backward from the sum of the result's elements times factors. */
  double[] run(NDArray input, double[] factors, Network network) {
    input.setRequiresGradient(true);
    try (GradientCollector collector = TestEngine.engine().newGradientCollector()) {
      NDArray y = network.of(input);
      tape.backward(collector, y.mul(manager.create(floats(factors), y.getShape())).sum());
      return doubles(y);
    }
  }

  /** Rows (B, 3) times a matrix (3, 3). */
  static double[] square(double[] x, double[] w, double[] bias) {
    double[] y = new double[x.length];
    for (int k = 0; k < y.length; k++) {
      y[k] = bias[k % IN];
      for (int i = 0; i < IN; i++) {
        y[k] += x[k / IN * IN + i] * w[i * IN + k % IN];
      }
    }
    return y;
  }
}
