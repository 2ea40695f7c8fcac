package org.llm4msr.toolkit.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.jni.JniUtils;
import ai.djl.training.GradientCollector;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.llm4msr.api.model.Activation;
import org.llm4msr.api.model.Decay;
import org.llm4msr.api.model.FeatureLayout;
import org.llm4msr.api.model.Grouping;
import org.llm4msr.api.model.Initializer;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.Parameter;
import org.llm4msr.api.model.Pass;
import org.llm4msr.runtime.config.Precision;
import org.llm4msr.runtime.config.RuntimeConfig;
import org.llm4msr.runtime.engine.HalfScript;
import org.llm4msr.runtime.engine.TensorEngine;
import org.llm4msr.runtime.kernels.DropoutMasks;
import org.llm4msr.runtime.model.DenseParameter;
import org.llm4msr.runtime.model.GroupingPlan;
import org.llm4msr.runtime.model.ModelShape;
import org.llm4msr.runtime.model.ParameterArray;
import org.llm4msr.runtime.model.ParameterStore;
import org.llm4msr.runtime.model.PassContext;
import org.llm4msr.runtime.model.Tape;
import org.llm4msr.runtime.tables.Workers;
import org.llm4msr.tck.harness.TestEngines;

/** Values and gradients are the same as with blocks, whose gradients come from the engine. */
@Tag("engine")
class RowProductsTest {

  private static final int GROUPS = 6;
  private static final int WIDTH = 4;

  private final NDManager manager = TestEngines.manager();
  private final ParameterStore store = new ParameterStore(manager, 3);
  private final Workers workers = new Workers(2);
  private final Linear first = new Linear(context("first"), WIDTH, WIDTH);
  private final Linear second = new Linear(context("second"), WIDTH, WIDTH);
  private final Parameter twoMatrices =
      context("two").parameter("weight", new Shape(2, 2, 3), Initializer.linear(2), Decay.YES);
  private final Parameter twoBiases =
      context("two").parameter("bias", new Shape(6), Initializer.linear(2), Decay.NO);
  private final Parameter factor =
      shared("factor")
          .parameter("weight", new Shape(WIDTH, WIDTH), Initializer.linear(2), Decay.YES);
  private final BatchNorm norm = new BatchNorm(context("norm"), WIDTH);
  private final Mlp network =
      new Mlp(
          context("network"), WIDTH, List.of(5, 3), new BlockSettings(Activation.RELU, 0.5, false));
  private final ExpertGroup experts =
      new ExpertGroup(
          context("experts"),
          WIDTH,
          2,
          List.of(3, 2),
          new BlockSettings(Activation.LEAKY_RELU, 0.5, false));
  private final Mlp smooth =
      new Mlp(context("smooth"), WIDTH, List.of(3), new BlockSettings(Activation.TANH, 0.5, false));

  private ModelContext context(String scope) {
    return shared(scope).each("group", GROUPS);
  }

  private ModelContext shared(String scope) {
    return store.context(scope, new ModelShape(new FeatureLayout(List.of()), List.of(), 1));
  }

  @BeforeEach
  void onlyWhereThereAreProducts() {
    assumeThat(TestEngines.engine().getEngineName()).isEqualTo("PyTorch");
    assumeThat(manager.getDevice()).isEqualTo(Device.cpu());
    assumeThat(System.getProperty("os.name") + System.getProperty("os.arch"))
        .isEqualTo("Linuxamd64");
  }

  @AfterEach
  void close() {
    store.close();
    manager.close();
    workers.close();
  }

  private interface Network {
    NDArray apply(RowProductsTest test, Pass pass, NDArray x);
  }

  private static GroupedRows rows(Pass pass, NDArray x) {
    return GroupedRows.of(pass.scenarios(), x);
  }

  private static Arguments network(String name, Network network) {
    return Arguments.of(name, network);
  }

  private static List<GroupedRows.Layer> computed(RowProductsTest test, Activation between) {
    NDArray first = test.first.weight().transpose(0, 2, 1);
    NDArray second = Scale.by(test.second.weight(), 2);
    return List.of(
        new GroupedRows.Layer(first, test.first.bias().square(), between),
        new GroupedRows.Layer(second, test.second.bias().mul(3), Activation.RELU));
  }

  static Stream<Arguments> networks() {
    return Stream.of(
        network("one layer", (t, p, x) -> rows(p, x).linear(t.first).toRows()),
        network(
            "a layer used twice, rows used by layers and by the engine",
            (t, p, x) -> {
              GroupedRows h = rows(p, x).linear(t.first);
              GroupedRows again = h.map(NDArray::tanh).linear(t.second);
              return h.linear(t.second).with(again, NDArray::add).with(h, NDArray::mul).toRows();
            }),
        network(
            "layers with what follows them",
            (t, p, x) -> t.network.forward(p, rows(p, x)).toRows()),
        network(
            "experts with what follows them",
            (t, p, x) -> t.experts.forward(p, rows(p, x)).toRows()),
        network(
            "an activation of the engine", (t, p, x) -> t.smooth.forward(p, rows(p, x)).toRows()),
        network(
            "normalisation with what follows it",
            (t, p, x) ->
                rows(p, x)
                    .normalize(p, t.norm, new BlockSettings(Activation.RELU, 0.5, true))
                    .toRows()),
        network(
            "several matrices a group",
            (t, p, x) -> rows(p, x).linear(t.twoMatrices, t.twoBiases).toRows()),
        network(
            "matrices computed in the pass, which do not lie behind each other",
            (t, p, x) ->
                rows(p, x)
                    .linear(
                        Scale.by(t.first.weight().transpose(0, 2, 1), 2), t.second.bias().square())
                    .times(t.second.weight().transpose(0, 2, 1))
                    .toRows()),
        network(
            "layers whose matrices are computed in the pass",
            (t, p, x) -> rows(p, x).linear(computed(t, Activation.LEAKY_RELU)).toRows()),
        network(
            "the same with an activation of the engine",
            (t, p, x) -> rows(p, x).linear(computed(t, Activation.TANH)).toRows()),
        network(
            "a parameter that the engine uses too",
            (t, p, x) -> rows(p, x).linear(t.first).toRows().mul(t.first.weight().sum())),
        network(
            "matrices times one of all groups, twice",
            (t, p, x) ->
                rows(p, x)
                    .scaledLinear(t.first.weights(), t.factor, t.first.bias())
                    .map(NDArray::tanh)
                    .scaledLinear(t.first.weights(), t.factor, t.second.bias())
                    .toRows()),
        network(
            "dropout, whose masks are of rows in their order",
            (t, p, x) ->
                rows(p, x)
                    .linear(t.first)
                    .dropout(p, 0.4)
                    .linear(t.second)
                    .dropout(p, 0.2)
                    .toRows()),
        network(
            "rows without a gradient",
            (t, p, x) -> rows(p, x.stopGradient()).linear(t.first).toRows()),
        network(
            "rows that come from products",
            (t, p, x) ->
                rows(p, rows(p, x).linear(t.first).toRows().mul(x)).linear(t.second).toRows()),
        network(
            "a result that nothing depends on",
            (t, p, x) -> {
              rows(p, x).linear(t.second).toRows();
              return rows(p, x).linear(t.first).toRows();
            }),
        network(
            "functions of the values of groups in between",
            (t, p, x) ->
                rows(p, x)
                    .linear(t.first)
                    .withGroups(t.second.bias().expandDims(1), NDArray::mul)
                    .linear(t.second)
                    .toRows()),
        network(
            "results whose gradients are views of one memory",
            (t, p, x) -> {
              NDArray a = rows(p, x).linear(t.first).toRows();
              NDArray b = rows(p, x).linear(t.second).toRows();
              NDArray sum = a.reshape(-1, 2, 2).add(b.reshape(-1, 2, 2)).reshape(-1, WIDTH);
              return sum.add(rows(p, a.tanh()).linear(t.second).toRows());
            }),
        network(
            "the same in their order",
            (t, p, x) -> {
              GroupedRows a = rows(p, x).linear(t.first);
              GroupedRows b = rows(p, x).linear(t.second);
              return a.map(y -> y.expandDims(-1))
                  .with(b.map(y -> y.expandDims(-1)), NDArray::add)
                  .map(y -> y.squeeze(-1))
                  .with(a.map(NDArray::tanh).linear(t.second), NDArray::add)
                  .toRows();
            }),
        network(
            "parameters whose gradients are views of one memory",
            (t, p, x) -> {
              NDArray sum =
                  t.first.weight().reshape(3, -1).add(t.second.weight().reshape(3, -1)).square();
              return rows(p, x).times(Scale.by(t.first.weight(), 2)).toRows().mul(sum.mean());
            }),
        network(
            "rows that are joined",
            (t, p, x) -> bothWays(t, p, GroupedRows.join(p.scenarios(), x.tanh()))),
        network(
            "normalised rows",
            (t, p, x) ->
                rows(p, x).normalize(p, t.norm).linear(t.first).normalize(p, t.norm).toRows()));
  }

  /** Reaches the loss both through products and directly in the engine. */
  private static NDArray bothWays(RowProductsTest test, Pass pass, NDArray h) {
    return rows(pass, h).linear(test.first).toRows().mul(h);
  }

  /** The products of a GPU in bfloat16, on blocks of rows: a CPU computes them too. */
  @Test
  void blocksOfScriptsGiveRoundedResults() {
    int wide = 64;
    Linear layer = new Linear(context("wide"), wide, wide);
    Parameter twoMatrices =
        context("wide-two")
            .parameter("weight", new Shape(2, wide, wide), Initializer.linear(wide), Decay.YES);
    Parameter twoBiases =
        context("wide-two")
            .parameter("bias", new Shape(2L * wide), Initializer.linear(wide), Decay.NO);
    int[] group = {2, 0, 2, 5, 2, 0, 1};
    float[] values = new float[group.length * 2 * wide];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) Math.sin(.37 * i);
    }
    List<float[]> exact = new ArrayList<>();
    List<float[]> rounded = new ArrayList<>();
    RuntimeConfig config = new RuntimeConfig("PyTorch", "cpu", 2, "1GB", 0, false);
    try (TensorEngine engine = TensorEngine.open(config);
        HalfScript halves = HalfScript.of(engine)) {
      for (List<float[]> found : List.of(exact, rounded)) {
        store.push();
        NDArray x = manager.create(values, new Shape(group.length, 2L * wide));
        x.setRequiresGradient(true);
        Tape tape =
            found == exact
                ? Tape.of(manager, workers, Precision.FLOAT32, true)
                : Tape.of(manager, workers, halves, true);
        GroupingPlan plan = GroupingPlan.of(manager, group, group.length, GROUPS, true, tape);
        assertThat(plan.products().isPresent()).isEqualTo(found == exact);
        try (GradientCollector collector = TestEngines.engine().newGradientCollector()) {
          NDArray h = GroupedRows.of(plan, x).linear(twoMatrices, twoBiases).toRows();
          NDArray half = h.get(":, 0:" + wide);
          NDArray y = GroupedRows.of(plan, half).linear(layer).toRows().mul(half);
          tape.backward(collector, y.sum());
          found.add(y.toFloatArray());
        }
        found.add(x.getGradient().toFloatArray());
        for (Parameter parameter : List.of(twoMatrices, layer.weights())) {
          found.add(gradient(parameter));
        }
      }
    }
    for (int i = 0; i < exact.size(); i++) {
      float[] expected = exact.get(i);
      float largest = 0;
      for (float value : expected) {
        largest = Math.max(largest, Math.abs(value));
      }
      assertThat(rounded.get(i)).containsExactly(expected, within(largest / 64));
      assertThat(rounded.get(i)).isNotEqualTo(expected);
    }
  }

  private float[] gradient(Parameter parameter) {
    List<float[]> parts = new ArrayList<>();
    for (DenseParameter part : ((ParameterArray) parameter).parts()) {
      float[] values = new float[part.size()];
      part.readGradient((p, gradient) -> gradient.get(values));
      parts.add(values);
    }
    float[] all = new float[parts.stream().mapToInt(part -> part.length).sum()];
    int at = 0;
    for (float[] part : parts) {
      System.arraycopy(part, 0, all, at, part.length);
      at += part.length;
    }
    return all;
  }

  private record Result(float[] values, float[] byRows, List<float[]> byParameters) {}

  private Result run(Network network, int[] group, boolean products) {
    store.push();
    int rows = group.length;
    NDArray x = manager.arange(0, (float) rows * WIDTH).mul(0.37f).sin().reshape(rows, WIDTH);
    NDArray input = x.duplicate();
    input.setRequiresGradient(true);
    Tape tape = Tape.of(manager, workers, Precision.FLOAT32, products);
    GroupingPlan plan = GroupingPlan.of(manager, group, rows, GROUPS, true, tape);
    assertThat(plan.products().isPresent()).isEqualTo(products);
    Pass pass = new PassContext(manager, true, 0, plan, plan, new DropoutMasks(5));
    NDArray y;
    try (GradientCollector collector = TestEngines.engine().newGradientCollector()) {
      y = network.apply(this, pass, input);
      long size = y.getShape().size();
      NDArray factor = manager.arange(0, (float) size).mul(0.11f).cos().reshape(y.getShape());
      tape.backward(collector, y.mul(factor).sum());
    }
    List<float[]> gradients = new ArrayList<>();
    store
        .parameters()
        .forEach(
            parameter -> {
              float[] values = new float[parameter.size()];
              parameter.readGradient((p, gradient) -> gradient.get(values));
              gradients.add(values);
            });
    return new Result(y.toFloatArray(), input.getGradient().toFloatArray(), gradients);
  }

  private void check(Network network, int... group) {
    Result expected = run(network, group, false);
    run(network, new int[] {0, 1, 2, 3, 4, 5}, true); // Its gradients must not persist.
    Result found = run(network, group, true);
    assertThat(found.values()).containsExactly(expected.values(), within(1e-4f));
    assertThat(found.byRows()).containsExactly(expected.byRows(), within(1e-4f));
    for (int i = 0; i < expected.byParameters().size(); i++) {
      assertThat(found.byParameters().get(i))
          .as("gradient of %s", store.parameters().stream().skip(i).findFirst())
          .containsExactly(
              expected.byParameters().get(i),
              within(2e-4f * Math.max(1, largest(expected.byParameters().get(i)))));
    }
  }

  /**
   * The size that rounding goes by: normalisation of a group of one row divides by the root of
   * 1e-5, and so multiplies what products round differently by 316.
   */
  private static float largest(float[] values) {
    float largest = 0;
    for (float value : values) {
      largest = Math.max(largest, Math.abs(value));
    }
    return largest;
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("networks")
  void ofGroupsOfAllSizes(String name, Network network) {
    // Groups 1 and 5 have no rows, group 3 has one.
    check(network, 2, 0, 2, 4, 3, 0, 2, 2, 4, 0, 0, 2);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("networks")
  void ofRowsThatAreInOrder(String name, Network network) {
    check(network, 0, 0, 0, 1, 1, 2, 2, 5, 5);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("networks")
  void ofOneGroup(String name, Network network) {
    check(network, 4, 4, 4, 4);
  }

  @Test
  void belowJoinedRowsABackwardPassGoesOnce(@TempDir Path folder) throws IOException {
    assertThat(backwardPasses(folder, (t, p, x) -> bothWays(t, p, x.tanh()))).isEqualTo(2);
    assertThat(
            backwardPasses(
                folder, (t, p, x) -> bothWays(t, p, GroupedRows.join(p.scenarios(), x.tanh()))))
        .isEqualTo(1);
  }

  /** Counts the backward passes of the only tanh in a network. */
  private int backwardPasses(Path folder, Network network) throws IOException {
    Path trace = folder.resolve("trace.json");
    JniUtils.startProfile(false, false, false);
    try {
      run(network, new int[] {1, 0, 1}, true);
    } finally {
      JniUtils.stopProfile(trace.toString());
    }
    return Files.readString(trace).split("\"aten::tanh_backward\"", -1).length - 1;
  }

  @Test
  void otherShapesAreRefused() {
    Tape tape = Tape.of(manager, workers, Precision.FLOAT32, true);
    GroupingPlan plan = GroupingPlan.of(manager, new int[] {2, 0, 2}, 3, GROUPS, true, tape);
    GroupedRows rows = GroupedRows.of(plan, manager.ones(new Shape(3, WIDTH)));
    NDArray weight = manager.ones(new Shape(GROUPS, WIDTH, 2));
    assertThatThrownBy(() -> rows.times(manager.ones(new Shape(GROUPS, 3, 2))))
        .hasMessage("rows have the shape (3, 4), expected (3, 3)");
    assertThatThrownBy(() -> rows.times(manager.ones(new Shape(2, WIDTH, 2))))
        .hasMessage("weights have the shape (2, 4, 2), expected (6, 4, 2)");
    assertThatThrownBy(() -> rows.linear(weight, manager.ones(new Shape(GROUPS, 1))))
        .hasMessage("biases have the shape (6, 1), expected (6, 2)");
    assertThatThrownBy(() -> rows.times(weight.toType(DataType.FLOAT64, false)))
        .hasMessage("numbers are float64, not float32");
    assertThatThrownBy(() -> rows.linear(List.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("no layer for the rows; give at least one");
  }

  @Test
  void numbersWithoutAGradientAreOrderedToo() {
    Tape tape = Tape.of(manager, workers, Precision.FLOAT32, true);
    GroupingPlan plan = GroupingPlan.of(manager, new int[] {2, 0, 2}, 3, GROUPS, true, tape);
    NDArray x = manager.create(new int[] {7, 8, 9}, new Shape(3, 1));
    assertThat(plan.order(x).toIntArray()).containsExactly(8, 7, 9);
    assertThat(plan.restore(plan.order(x)).toIntArray()).containsExactly(7, 8, 9);
  }

  @Test
  void ofPartsOfThePlan() {
    check(
        (t, p, x) -> {
          NDArray ordered = p.scenarios().order(x);
          NDArray sum = ordered.mul(0);
          for (Grouping.Part part : p.scenarios().parts(3)) {
            NDArray rows = ordered.get("%d:%d".formatted(part.from(), part.to()));
            NDArray weights =
                t.first
                    .weight()
                    .get(
                        "%d:%d"
                            .formatted(
                                part.firstGroup(), part.firstGroup() + part.grouping().groups()));
            NDArray y = GroupedRows.of(part.grouping(), rows).times(weights).toRows();
            sum = sum.add(y.sum());
          }
          return p.scenarios().restore(sum);
        },
        2,
        0,
        2,
        4,
        3,
        0,
        2,
        2,
        4,
        0,
        0,
        2);
  }
}
