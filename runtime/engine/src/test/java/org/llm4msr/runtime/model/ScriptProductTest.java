package org.llm4msr.runtime.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.llm4msr.api.model.Decay;
import org.llm4msr.api.model.Grouping;
import org.llm4msr.api.model.Initializer;
import org.llm4msr.runtime.engine.HalfScript;
import org.llm4msr.runtime.engine.TensorEngine;
import org.llm4msr.runtime.kernels.DropoutMasks;
import org.llm4msr.runtime.tables.Workers;

/** The products of a GPU, which also compute on a CPU. */
@Tag("engine")
class ScriptProductTest {

  /** Half a spacing of numbers with 8 significant bits, and the error of sums in float32. */
  private static final double ROUNDING = 1.0 / 256 + 1e-5;

  private final TensorEngine engine = TestEngine.open();
  private final NDManager manager = TestEngine.manager();
  private final ParameterStore store = new ParameterStore(manager, 5);
  private final Workers workers = new Workers(2);
  private final Random random = new Random(9);
  private HalfScript halves;

  @BeforeEach
  void compile() {
    assumeThat(TestEngine.NAME).isEqualTo("PyTorch");
    halves = HalfScript.of(engine);
  }

  @AfterEach
  void close() {
    if (halves != null) {
      halves.close();
    }
    store.close();
    manager.close();
    workers.close();
    engine.close();
  }

  private float[] draw(int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  private ParameterArray parameter(float[] values, long... shape) {
    ParameterArray made =
        store.parameter("b", "w", new Shape(shape), new Initializer.Normal(1), Decay.NO);
    made.values().put(values);
    made.push();
    return made;
  }

  /** The nearest number of 8 significant bits, found by its spacing 2^(exponent - 7). */
  private static double rounded(double value) {
    double spacing = Math.scalb(1.0, Math.getExponent(value) - 7);
    return Math.rint(value / spacing) * spacing;
  }

  private static void assertClose(float[] found, double[] expected) {
    assertThat(found).hasSameSizeAs(expected);
    for (int i = 0; i < found.length; i++) {
      double error = ROUNDING * Math.max(1, Math.abs(expected[i]));
      assertThat((double) found[i]).as("number %d", i).isCloseTo(expected[i], within(error));
    }
  }

  private PassContext pass(Tape tape, int rows) {
    Grouping all = GroupingPlan.of(manager, new int[rows], rows, 1, true, tape);
    return new PassContext(manager, true, 1, all, all, null, new DropoutMasks(1, workers), tape);
  }

  /** Both arrays of the product have a factor that the engine computes. */
  @Test
  void passesGradientsOnToTheEngine() {
    int groups = 2;
    int rows = 3;
    int in = 64;
    int out = 96;
    float[] x = draw(groups * rows * in);
    float[] w = draw(groups * in * out);
    float[] dy = draw(groups * rows * out);
    NDArray input = manager.create(x, new Shape(groups, rows, in));
    input.setRequiresGradient(true);
    ParameterArray weight = parameter(w, groups, in, out);
    Tape tape = Tape.of(manager, workers, halves, true);
    PassContext pass = pass(tape, rows);
    float[] y;
    try (GradientCollector collector = TestEngine.engine().newGradientCollector()) {
      NDArray result = pass.product(input.mul(2), weight.array().mul(.5f));
      NDArray gradient = manager.create(dy, new Shape(groups, rows, out));
      tape.backward(collector, result.mul(gradient).sum());
      y = result.toFloatArray();
    }

    double[] expected = new double[y.length];
    double[] dx = new double[x.length];
    double[] dw = new double[w.length];
    for (int k = 0; k < y.length; k++) {
      int row = k / out;
      for (int i = 0; i < in; i++) {
        int atX = row * in + i;
        int atW = (row / rows * in + i) * out + k % out;
        expected[k] += rounded(2 * x[atX]) * rounded(.5 * w[atW]);
        dx[atX] += 2 * rounded(dy[k]) * rounded(.5 * w[atW]);
        dw[atW] += .5 * rounded(dy[k]) * rounded(2 * x[atX]);
      }
    }
    assertClose(y, expected);
    assertClose(input.getGradient().toFloatArray(), dx);
    assertClose(gradient(weight), dw);
  }

  private static float[] gradient(ParameterArray parameter) {
    float[] values = new float[(int) parameter.shape().size()];
    parameter.parts().get(0).readGradient((p, gradient) -> gradient.get(values));
    return values;
  }

  /** An array that two products and the engine use gets the sum of their gradients. */
  @Test
  void addsUpTheGradientsOfOneArray() {
    float[] values = draw(64 * 64);
    NDArray x = manager.create(values, new Shape(64, 64));
    x.setRequiresGradient(true);
    NDArray identity = manager.eye(64);
    Tape tape = Tape.of(manager, workers, halves, true);
    PassContext pass = pass(tape, 64);
    try (GradientCollector collector = TestEngine.engine().newGradientCollector()) {
      NDArray h = x.mul(1);
      NDArray once = pass.product(h, identity);
      NDArray twice = pass.product(h, identity.mul(2));
      tape.backward(collector, once.add(twice).add(h.mul(4)).sum());
    }

    assertThat(x.getGradient().toFloatArray()).containsOnly(7f);
  }

  /** With few columns rounding costs more than it saves. */
  @Test
  void leavesSmallProductsToTheEngine() {
    float[] values = draw(64 * 2);
    NDArray weights = manager.create(values, new Shape(64, 2));
    PassContext pass = pass(Tape.of(manager, workers, halves, false), 64);

    assertThat(pass.product(manager.eye(64), weights).toFloatArray()).containsExactly(values);
  }

  /** They ask for their product alone. */
  @Test
  void leavesLayersToTheEngine() {
    Tape tape = Tape.of(manager, workers, halves, true);
    NDArray x = manager.ones(new Shape(2, 64));

    assertThat(tape.computesLayers()).isFalse();
    assertThat(pass(tape, 2).layers(x, List.of())).isEmpty();
  }
}
