package org.llm4msr.runtime.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.llm4msr.api.internal.Follow;
import org.llm4msr.api.internal.RowProducts.Normalized;
import org.llm4msr.api.model.Decay;
import org.llm4msr.api.model.Grouping.Segment;
import org.llm4msr.api.model.Initializer;
import org.llm4msr.runtime.config.Precision;

/** Values and gradients against loops in double precision; group 1 has no rows, group 3 one. */
class OrderedProductsTest extends ProductsTest {

  private static final int ROWS = 8;
  private static final int GROUPS = 4;
  private static final int IN = 3;
  private static final int OUT = 2;
  private static final int[] GROUP = {0, 0, 0, 2, 2, 2, 2, 3};
  private static final List<Segment> SEGMENTS =
      List.of(new Segment(0, 0, 3), new Segment(2, 3, 7), new Segment(3, 7, 8));

  private final float[] x = draw(ROWS * IN);
  private final float[] factor = draw(ROWS * OUT);
  private final Tape tape = Tape.of(manager, workers, Precision.FLOAT32, true);

  private OrderedProducts products() {
    return new OrderedProducts(tape, ROWS, GROUPS, SEGMENTS);
  }

  private ParameterArray parameter(String name, Shape shape) {
    return store.parameter("b", name, shape, new Initializer.Normal(1), Decay.NO);
  }

  private static float[] values(ParameterArray parameter) {
    float[] values = new float[(int) parameter.shape().size()];
    parameter.values().get(values);
    return values;
  }

  private NDArray input() {
    NDArray rows = manager.create(x, new Shape(ROWS, IN));
    rows.setRequiresGradient(true);
    return rows;
  }

  private interface Network {
    NDArray of(NDArray rows);
  }

  /** Returns the result; the loss is the sum of its elements times the factor. */
  private float[] run(NDArray input, Network network) {
    try (GradientCollector collector = TestEngine.engine().newGradientCollector()) {
      NDArray y = network.of(input);
      tape.backward(collector, y.mul(manager.create(factor, new Shape(ROWS, OUT))).sum());
      return y.toFloatArray();
    }
  }

  /** A product per row in loops: y = x w[group] + bias[group], and its derivatives. */
  private final class Loops {
    private final double[] y = new double[ROWS * OUT];
    private final double[] dx = new double[ROWS * IN];
    private final double[] dw = new double[GROUPS * IN * OUT];
    private final double[] db = new double[GROUPS * OUT];

    Loops(double[] w, double[] bias) {
      for (int row = 0; row < ROWS; row++) {
        for (int o = 0; o < OUT; o++) {
          double dy = factor[row * OUT + o];
          y[row * OUT + o] = bias[GROUP[row] * OUT + o];
          db[GROUP[row] * OUT + o] += dy;
          for (int i = 0; i < IN; i++) {
            int at = (GROUP[row] * IN + i) * OUT + o;
            y[row * OUT + o] += x[row * IN + i] * w[at];
            dx[row * IN + i] += dy * w[at];
            dw[at] += dy * x[row * IN + i];
          }
        }
      }
    }
  }

  private static double[] doubles(float[] values) {
    double[] doubles = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      doubles[i] = values[i];
    }
    return doubles;
  }

  private static void assertClose(float[] values, double[] expected) {
    assertThat(doubles(values)).containsExactly(expected, within(1e-5));
  }

  /** Enough rows of each group that its weights are transposed for the gradient of the rows. */
  @Test
  void passesGradientsOfManyRowsOn() {
    int rows = 1100;
    int parts = 2;
    int in = 150;
    List<Segment> segments = List.of(new Segment(0, 0, 600), new Segment(1, 600, rows));
    NDArray input = manager.ones(new Shape(rows, parts * in));
    input.setRequiresGradient(true);
    ParameterArray weight = parameter("w", new Shape(2, parts, in, OUT));
    float[] w = values(weight);
    try (GradientCollector collector = TestEngine.engine().newGradientCollector()) {
      NDArray y =
          new OrderedProducts(tape, rows, 2, segments)
              .multiply(input, weight, null, Follow.NOTHING);
      tape.backward(collector, y.sum());
    }

    double[] dx = new double[rows * parts * in];
    for (int k = 0; k < dx.length; k++) {
      int group = k / (parts * in) < 600 ? 0 : 1;
      int row = group * parts * in + k % (parts * in);
      for (int o = 0; o < OUT; o++) {
        dx[k] += w[row * OUT + o];
      }
    }
    assertClose(input.getGradient().toFloatArray(), dx);
  }

  /** Each thread writes the gradient of some rows; what lay in its memory must not stay. */
  @ParameterizedTest
  @CsvSource({"2, 1", "1, 2"})
  void gradientsOfTallWeights(int groups, int parts) {
    int rows = 3;
    int in = 150;
    int group = groups - 1;
    float[] numbers = draw(rows * parts * in);
    NDArray input = manager.create(numbers, new Shape(rows, parts * in));
    ParameterArray weight = parameter("w", new Shape(groups, parts, in, OUT));
    FloatBuffer earlier = weight.written().write().asFloatBuffer();
    while (earlier.hasRemaining()) {
      earlier.put(7);
    }
    weight.written().reset();
    try (GradientCollector collector = TestEngine.engine().newGradientCollector()) {
      NDArray y =
          new OrderedProducts(tape, rows, groups, List.of(new Segment(group, 0, rows)))
              .multiply(input, weight, null, Follow.NOTHING);
      tape.backward(collector, y.sum());
    }

    double[] dw = new double[groups * parts * in * OUT];
    for (int k = 0; k < numbers.length; k++) {
      for (int o = 0; o < OUT; o++) {
        dw[(group * parts * in + k % (parts * in)) * OUT + o] += numbers[k];
      }
    }
    assertClose(gradient(weight), dw);
  }

  /** So few rows of each group that its weights are not transposed. */
  @Test
  void passesGradientsOfFewRowsOn() {
    int groups = 5;
    int each = 21;
    int rows = groups * each;
    int parts = 2;
    int in = 90;
    int out = 70;
    List<Segment> segments =
        IntStream.range(0, groups)
            .mapToObj(group -> new Segment(group, group * each, (group + 1) * each))
            .toList();
    NDArray input = manager.ones(new Shape(rows, parts * in));
    input.setRequiresGradient(true);
    float[] dy = draw(rows * parts * out);
    ParameterArray weight = parameter("w", new Shape(groups, parts, in, out));
    float[] w = values(weight);
    try (GradientCollector collector = TestEngine.engine().newGradientCollector()) {
      NDArray y =
          new OrderedProducts(tape, rows, groups, segments)
              .multiply(input, weight, null, Follow.NOTHING);
      tape.backward(collector, y.mul(manager.create(dy, y.getShape())).sum());
    }

    float[] dx = input.getGradient().toFloatArray();
    for (int row = 0; row < rows; row++) {
      for (int column = 0; column < parts * in; column++) {
        int part = column / in;
        int matrix = row / each * parts + part;
        double sum = 0;
        for (int o = 0; o < out; o++) {
          sum +=
              (double) dy[(row * parts + part) * out + o]
                  * w[(matrix * in + column % in) * out + o];
        }
        assertThat((double) dx[row * parts * in + column]).isCloseTo(sum, within(1e-4));
      }
    }
  }

  @Test
  void multipliesByParameters() {
    ParameterArray weight = parameter("w", new Shape(GROUPS, IN, OUT));
    ParameterArray bias = parameter("bias", new Shape(GROUPS, OUT));
    NDArray rows = input();

    float[] y = run(rows, ordered -> products().multiply(ordered, weight, bias, Follow.NOTHING));

    Loops loops = new Loops(doubles(values(weight)), doubles(values(bias)));
    assertClose(y, loops.y);
    assertClose(rows.getGradient().toFloatArray(), loops.dx);
    assertClose(gradient(weight), loops.dw);
    assertClose(gradient(bias), loops.db);
  }

  @Test
  void addsTheGradientsOfParametersThatAreUsedTwice() {
    ParameterArray weight = parameter("w", new Shape(GROUPS, IN, OUT));
    NDArray rows = input();

    float[] y =
        run(
            rows,
            ordered -> {
              OrderedProducts products = products();
              return products
                  .multiply(ordered, weight, null, Follow.NOTHING)
                  .add(products.multiply(ordered, weight, null, Follow.NOTHING));
            });

    Loops loops = new Loops(doubles(values(weight)), new double[GROUPS * OUT]);
    assertClose(y, twice(loops.y));
    assertClose(rows.getGradient().toFloatArray(), twice(loops.dx));
    assertClose(gradient(weight), twice(loops.dw));
  }

  private static double[] twice(double[] values) {
    double[] twice = values.clone();
    for (int i = 0; i < twice.length; i++) {
      twice[i] *= 2;
    }
    return twice;
  }

  @Test
  void multipliesByArraysOfThePass() {
    float[] w = draw(GROUPS * IN * OUT);
    NDArray weight = manager.create(w, new Shape(GROUPS, IN, OUT));
    weight.setRequiresGradient(true);
    NDArray rows = input();

    float[] y = run(rows, ordered -> products().multiply(ordered, weight, null, Follow.NOTHING));

    Loops loops = new Loops(doubles(w), new double[GROUPS * OUT]);
    assertClose(y, loops.y);
    assertClose(rows.getGradient().toFloatArray(), loops.dx);
    assertClose(weight.getGradient().toFloatArray(), loops.dw);
  }

  @Test
  void multipliesByAMatrixTimesASharedOne() {
    ParameterArray weight = parameter("w", new Shape(GROUPS, IN, OUT));
    ParameterArray shared = parameter("shared", new Shape(IN, OUT));
    float[] b = draw(GROUPS * OUT);
    NDArray rows = input();

    float[] y =
        run(
            rows,
            ordered ->
                products()
                    .multiplyScaled(
                        ordered, weight, shared, manager.create(b, new Shape(GROUPS, OUT))));

    double[] w = doubles(values(weight));
    double[] s = doubles(values(shared));
    double[] both = new double[w.length];
    for (int i = 0; i < both.length; i++) {
      both[i] = w[i] * s[i % s.length];
    }
    Loops loops = new Loops(both, doubles(b));
    double[] ofWeight = new double[w.length];
    double[] ofShared = new double[s.length];
    for (int i = 0; i < both.length; i++) {
      ofWeight[i] = loops.dw[i] * s[i % s.length];
      ofShared[i % s.length] += loops.dw[i] * w[i];
    }
    assertClose(y, loops.y);
    assertClose(rows.getGradient().toFloatArray(), loops.dx);
    assertClose(gradient(weight), ofWeight);
    assertClose(gradient(shared), ofShared);
  }

  /** Two matrices (3, 1) a group, each for its own half of the row. */
  @Test
  void multipliesPartByPart() {
    float[] wide = draw(ROWS * 2 * IN);
    ParameterArray weight = parameter("w", new Shape(GROUPS, 2, IN, 1));
    NDArray rows = manager.create(wide, new Shape(ROWS, 2 * IN));

    float[] y = run(rows, ordered -> products().multiply(ordered, weight, null, Follow.NOTHING));

    float[] w = values(weight);
    double[] expected = new double[ROWS * 2];
    double[] dw = new double[w.length];
    for (int row = 0; row < ROWS; row++) {
      for (int part = 0; part < 2; part++) {
        for (int i = 0; i < IN; i++) {
          int at = (GROUP[row] * 2 + part) * IN + i;
          double value = wide[row * 2 * IN + part * IN + i];
          expected[row * 2 + part] += value * w[at];
          dw[at] += value * factor[row * 2 + part];
        }
      }
    }
    assertClose(y, expected);
    assertClose(gradient(weight), dw);
  }

  /** The one row of group 3 is normalised by what is passed in, as are groups without rows. */
  @Test
  void normalisesEachGroupOverItsRows() {
    NDArray ones = manager.ones(new Shape(GROUPS, OUT));
    NDArray zeros = manager.zeros(new Shape(GROUPS, OUT));
    float[] values = draw(ROWS * OUT);
    NDArray rows = manager.create(values, new Shape(ROWS, OUT));

    Normalized normalized =
        products().normalize(rows, ones, zeros, zeros.add(5), ones.mul(4), 0, Follow.NOTHING);

    float[] y = normalized.rows().toFloatArray();
    float[] means = normalized.mean().toFloatArray();
    float[] variances = normalized.variance().toFloatArray();
    for (Segment segment : SEGMENTS.subList(0, 2)) {
      for (int j = 0; j < OUT; j++) {
        double mean = 0;
        double squares = 0;
        for (int row = segment.from(); row < segment.to(); row++) {
          mean += (double) values[row * OUT + j] / segment.rows();
        }
        for (int row = segment.from(); row < segment.to(); row++) {
          squares += Math.pow(values[row * OUT + j] - mean, 2) / segment.rows();
        }
        assertThat((double) means[segment.group() * OUT + j]).isCloseTo(mean, within(1e-5));
        assertThat((double) variances[segment.group() * OUT + j]).isCloseTo(squares, within(1e-5));
        for (int row = segment.from(); row < segment.to(); row++) {
          double expected = (values[row * OUT + j] - mean) / Math.sqrt(squares);
          assertThat((double) y[row * OUT + j]).isCloseTo(expected, within(1e-4));
        }
      }
    }
    assertThat(y[7 * OUT]).isEqualTo((values[7 * OUT] - 5) / 2);
    assertThat(new float[] {means[OUT], means[3 * OUT]}).containsExactly(5, 5);
    assertThat(new float[] {variances[OUT], variances[3 * OUT]}).containsExactly(4, 4);
  }

  @Test
  void namesWhatDoesNotFit() {
    ParameterArray weight = parameter("w", new Shape(GROUPS, IN, OUT));
    ParameterArray flat = parameter("flat", new Shape(GROUPS, IN));
    ParameterArray bias = parameter("bias", new Shape(GROUPS, IN));
    NDArray rows = manager.create(x, new Shape(ROWS, IN));

    assertThatThrownBy(() -> products().multiply(rows, weight, bias, Follow.NOTHING))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("biases have the shape (4, 3), expected (4, 2)");
    assertThatThrownBy(() -> products().multiply(rows.transpose(), weight, null, Follow.NOTHING))
        .hasMessage("rows have the shape (3, 8), expected (8, 3)");
    assertThatThrownBy(() -> products().multiply(rows, flat, null, Follow.NOTHING))
        .hasMessage("weights are (4, 3), not (G, n, m)");
  }
}
