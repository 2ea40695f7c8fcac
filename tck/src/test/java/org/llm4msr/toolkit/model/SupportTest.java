package org.llm4msr.toolkit.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.llm4msr.api.model.FeatureLayout;
import org.llm4msr.api.model.Grouping;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.Pass;
import org.llm4msr.api.model.Scenario;
import org.llm4msr.runtime.kernels.DropoutMasks;
import org.llm4msr.runtime.model.GroupingPlan;
import org.llm4msr.runtime.model.ModelShape;
import org.llm4msr.runtime.model.ParameterStore;
import org.llm4msr.runtime.model.PassContext;
import org.llm4msr.tck.harness.TestEngines;

/** Tests what the fixtures of whole models do not cover. */
@Tag("engine")
class SupportTest {

  private final NDManager manager = TestEngines.manager();
  private final ParameterStore store = new ParameterStore(manager, 3);

  @AfterEach
  void close() {
    store.close();
    manager.close();
  }

  private Pass pass(boolean training, int... scenario) {
    Grouping grouping = GroupingPlan.of(manager, scenario, scenario.length, 3);
    return new PassContext(manager, training, 0, grouping, grouping, new DropoutMasks(5));
  }

  /** DJL's own mul(Number) fails this on PyTorch: the numbers' memory has been released by then. */
  @Test
  void numbersLiveUntilTheBackwardPass() {
    try (NDManager step = manager.newSubManager()) {
      NDArray x = step.ones(new Shape(4));
      x.setRequiresGradient(true);
      try (GradientCollector collector = TestEngines.engine().newGradientCollector()) {
        NDArray sum = x;
        for (int i = 1; i <= 200; i++) {
          sum = sum.add(Scale.by(x, i));
        }
        System.gc();
        List<ByteBuffer> elsewhere = new ArrayList<>();
        for (int i = 0; i < 2_000; i++) {
          elsewhere.add(ByteBuffer.allocateDirect(4).putInt(0, -1));
        }
        collector.backward(sum.sum());
        assertThat(elsewhere).hasSize(2_000);
      }
      try (NDArray gradient = x.getGradient()) {
        assertThat(gradient.toFloatArray()).containsOnly(1 + 200 * 201 / 2);
      }
    }
  }

  /** Few rows lie in one block, many in one block per group: both give y = W(g) x + b(g). */
  @ParameterizedTest
  @ValueSource(ints = {7, 300, 30_000})
  void groupedRowsMeetTheMatrixOfTheirGroup(int rows) {
    int[] group = new int[rows];
    float[] x = new float[2 * rows];
    float[] expected = new float[rows];
    for (int row = 0; row < rows; row++) {
      group[row] = row % 3 == 1 ? 2 : 0; // Group 1 has no rows.
      int value = row % 100;
      x[2 * row] = value;
      x[2 * row + 1] = 1 - value;
      expected[row] =
          group[row] == 0 ? value + 2 * (1 - value) + 10 : 5 * value + 6 * (1 - value) + 30;
    }
    NDArray weight = manager.create(new float[] {1, 2, 3, 4, 5, 6}, new Shape(3, 2, 1));
    NDArray bias = manager.create(new float[] {10, 20, 30}, new Shape(3, 1));

    NDArray y =
        GroupedRows.of(
                GroupingPlan.of(manager, group, rows, 3), manager.create(x, new Shape(rows, 2)))
            .linear(weight, bias)
            .toRows();

    assertThat(y.toFloatArray()).containsExactly(expected, within(1e-3f));
  }

  /** The result of each row is that of its group's layer alone. */
  @ParameterizedTest
  @ValueSource(ints = {7, 300, 30_000})
  void groupedRowsPassTheLayerOfTheirGroup(int rows) {
    Linear layers = new Linear(context("layers").each("own", 3), 2, 4);
    int[] group = new int[rows];
    for (int row = 0; row < rows; row++) {
      group[row] = row % 3 == 1 ? 2 : 0; // Group 1 has no rows.
    }
    NDArray x = manager.randomUniform(-1, 1, new Shape(rows, 2));
    float[] numbers = x.toFloatArray();

    float[] y =
        GroupedRows.of(GroupingPlan.of(manager, group, rows, 3), x)
            .linear(layers)
            .toRows()
            .toFloatArray();

    for (int i = 0; i < y.length; i++) {
      int row = i / 4;
      FloatBuffer weight = parameter("layers/own." + group[row] + "/weight");
      FloatBuffer bias = parameter("layers/own." + group[row] + "/bias");
      float expected = bias.get(i % 4);
      for (int k = 0; k < 2; k++) {
        expected += numbers[2 * row + k] * weight.get(4 * k + i % 4);
      }
      assertThat(y[i]).isCloseTo(expected, within(1e-5f));
    }
  }

  private ModelContext context(String scope) {
    ModelShape shape = new ModelShape(new FeatureLayout(List.of()), List.of(), 1);
    return store.context(scope, shape);
  }

  @Test
  void dropoutScalesWhatItKeepsAndRestsOutsideTraining() {
    NDArray ones = manager.ones(new Shape(100, 100));

    assertThat(Dropout.apply(pass(false, 0), ones, 0.5)).isSameAs(ones);
    float[] dropped = Dropout.apply(pass(true, 0), ones, 0.2).toFloatArray();
    int kept = 0;
    for (float value : dropped) {
      assertThat(value).isIn(0f, 1.25f);
      kept += value > 0 ? 1 : 0;
    }
    assertThat(kept).isBetween(7800, 8200);
  }

  @ParameterizedTest
  @ValueSource(ints = {5, 4000})
  void groupedRowsDropWhatAMaskOfTheirOrderDrops(int rows) {
    int[] scenario = new int[rows];
    Arrays.setAll(scenario, row -> row * row % 3);
    NDArray x = manager.arange(1, 1f + 2 * rows).reshape(rows, 2);
    Pass pass = pass(true, scenario);
    Pass again = pass(true, scenario);

    NDArray dropped = GroupedRows.of(pass.scenarios(), x).dropout(pass, 0.5).toRows();

    NDArray mask = again.scenarios().restore(again.dropoutMask(new Shape(rows, 2), 0.5));
    assertThat(dropped.toFloatArray()).containsExactly(x.mul(mask).toFloatArray());
    assertThat(mask.sum().getFloat()).isBetween(0.5f * rows, 3.5f * rows);
    GroupedRows resting = GroupedRows.of(pass.scenarios(), x);
    assertThat(resting.dropout(pass(false, scenario), 0.5)).isSameAs(resting);
  }

  /** By hand: scenario 0 has rows 1 and 3 (mean 2, deviation 1), scenario 2 the single row 10. */
  @Test
  void partitionedNormKeepsStatisticsForEachScenario() {
    ModelShape shape =
        new ModelShape(
            new FeatureLayout(List.of()),
            List.of(new Scenario(0, "a", 9), new Scenario(1, "b", 9), new Scenario(2, "c", 9)),
            1);
    PartitionedNorm norm = new PartitionedNorm(store.context("norm", shape), 1);
    NDArray x = manager.create(new float[] {1, 10, 3}, new Shape(3, 1));

    float[] normal;
    try (GradientCollector collector = TestEngines.engine().newGradientCollector()) {
      normal = norm.forward(pass(true, 0, 2, 0), x).toFloatArray();
    }

    // A single row has no variance: running statistics, 0 and 1 at the start.
    assertThat(normal).containsExactly(new float[] {-1, 10, 1}, within(1e-4f));
    assertThat(buffer("norm/scenario.0/running-mean")).isCloseTo(0.2f, within(1e-6f));
    assertThat(buffer("norm/scenario.0/running-variance")).isCloseTo(1.1f, within(1e-6f));
    assertThat(buffer("norm/scenario.2/running-mean")).isZero();
    assertThat(buffer("norm/scenario.2/running-variance")).isEqualTo(1);
  }

  /**
   * The same as the batch normalisation of each group alone, in both layouts; group 0 has a single
   * row.
   */
  @ParameterizedTest
  @ValueSource(ints = {31, 30_001})
  void groupedRowsAreNormalisedWithinTheirGroup(int rows) {
    int[] group = new int[rows];
    for (int row = 1; row < rows; row++) {
      group[row] = row % 3 == 1 ? 2 : 1;
    }
    BatchNorm together = new BatchNorm(context("norms").each("together", 3), 2);
    List<BatchNorm> alone = norms("alone");
    NDArray x = manager.randomUniform(-1, 3, new Shape(rows, 2));
    NDArray factor = manager.randomUniform(-1, 1, new Shape(rows, 2));
    Grouping grouping = GroupingPlan.of(manager, group, rows, 3);
    Pass training = new PassContext(manager, true, 0, grouping, grouping, new DropoutMasks(5));
    Pass inference = new PassContext(manager, false, 0, grouping, grouping, new DropoutMasks(5));

    float[] found =
        gradient(
            x, factor, y -> GroupedRows.of(grouping, y).normalize(training, together).toRows());
    float[] expected =
        gradient(
            x,
            factor,
            y ->
                ScenarioRouter.apply(
                    grouping, y, (rank, own) -> alone.get(rank).forward(training, own)));

    assertThat(found).containsExactly(expected, within(1e-4f));
    assertThat(buffer("norms/together.1/running-mean")).isNotZero();
    for (int rank = 0; rank < 3; rank++) {
      for (String name : List.of("/running-mean", "/running-variance")) {
        assertThat(buffer("norms/together." + rank + name))
            .isCloseTo(buffer("alone." + rank + name), within(1e-5f));
      }
    }
    assertThat(GroupedRows.of(grouping, x).normalize(inference, together).toRows().toFloatArray())
        .containsExactly(
            ScenarioRouter.apply(
                    grouping, x, (rank, own) -> alone.get(rank).forward(inference, own))
                .toFloatArray(),
            within(1e-5f));
  }

  private List<BatchNorm> norms(String name) {
    return IntStream.range(0, 3)
        .mapToObj(rank -> new BatchNorm(context(name + "." + rank), 2))
        .toList();
  }

  /** Values and gradient by x of the sum of factor * function(x), one after the other. */
  private float[] gradient(NDArray x, NDArray factor, UnaryOperator<NDArray> function) {
    NDArray input = x.duplicate();
    input.setRequiresGradient(true);
    NDArray y;
    try (GradientCollector collector = TestEngines.engine().newGradientCollector()) {
      y = function.apply(input);
      collector.backward(y.mul(factor).sum());
    }
    return y.concat(input.getGradient(), 0).toFloatArray();
  }

  private float buffer(String name) {
    return Objects.requireNonNull(store.bufferValues().get(name))[0];
  }

  /**
   * Few gates are computed in one product, many scenario by scenario: both give softmax(x W + b).
   */
  @ParameterizedTest
  @ValueSource(ints = {2, 40, 80})
  void gatesAreTheSoftmaxOfTheirOwnScores(int experts) {
    ModelShape shape =
        new ModelShape(
            new FeatureLayout(List.of()),
            List.of(new Scenario(0, "a", 9), new Scenario(1, "b", 9), new Scenario(2, "c", 9)),
            1);
    Gate each = Gate.perScenario(store.context("each", shape), 2, experts);
    Gate shared = Gate.shared(store.context("one", shape), 2, experts);
    int[] scenario = {2, 0, 2, 0};
    float[] x = {1, 2, -1, 3, 0, 1, 2, 2};
    NDArray rows = manager.create(x, new Shape(4, 2));

    float[] ofEach = each.forward(pass(false, scenario), rows).toFloatArray();
    float[] ofOne = shared.forward(pass(false, scenario), rows).toFloatArray();

    for (int row = 0; row < 4; row++) {
      float[] own = Arrays.copyOfRange(x, 2 * row, 2 * row + 2);
      assertThat(Arrays.copyOfRange(ofEach, row * experts, (row + 1) * experts))
          .containsExactly(softmax("each/gate." + scenario[row], own, experts), within(1e-5f));
      assertThat(Arrays.copyOfRange(ofOne, row * experts, (row + 1) * experts))
          .containsExactly(softmax("one/gate.0", own, experts), within(1e-5f));
    }
  }

  private float[] softmax(String linear, float[] x, int experts) {
    FloatBuffer weight = parameter(linear + "/weight");
    FloatBuffer bias = parameter(linear + "/bias");
    double[] powers = new double[experts];
    for (int e = 0; e < experts; e++) {
      powers[e] = Math.exp(x[0] * weight.get(e) + x[1] * weight.get(experts + e) + bias.get(e));
    }
    double sum = Arrays.stream(powers).sum();
    float[] result = new float[experts];
    for (int e = 0; e < experts; e++) {
      result[e] = (float) (powers[e] / sum);
    }
    return result;
  }

  private FloatBuffer parameter(String name) {
    return store.parameters().stream()
        .filter(parameter -> parameter.name().equals(name))
        .findFirst()
        .orElseThrow()
        .values();
  }

  @Test
  void aGateGivesEachRowTheWeightsOfItsScenario() {
    ModelShape shape =
        new ModelShape(
            new FeatureLayout(List.of()),
            List.of(new Scenario(0, "a", 9), new Scenario(1, "b", 9), new Scenario(2, "c", 9)),
            1);
    Gate gate = Gate.perScenario(store.context("g", shape), 1, 2);
    NDArray x = manager.ones(new Shape(4, 1));

    float[] together = gate.forward(pass(false, 2, 0, 2, 1), x).toFloatArray();

    assertThat(together[0] + together[1]).isCloseTo(1, within(1e-6f));
    assertThat(List.of(together[4], together[5])).containsExactly(together[0], together[1]);
    assertThat(together[2]).isNotCloseTo(together[0], within(1e-4f));
    assertThat(together[6]).isNotCloseTo(together[0], within(1e-4f));
  }
}
