package org.llm4msr.runtime.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.internal.RowBlocks;
import org.llm4msr.api.model.Buffer;
import org.llm4msr.api.model.Decay;
import org.llm4msr.api.model.FeatureLayout;
import org.llm4msr.api.model.Initializer;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.Parameter;

@Tag("engine")
class ParameterStoreTest {

  private static final ModelShape SHAPE =
      new ModelShape(new FeatureLayout(List.of()), List.of(), 4);

  private final NDManager manager = TestEngine.manager();
  private final ParameterStore store = new ParameterStore(manager, 7);

  @AfterEach
  void close() {
    store.close();
    manager.close();
  }

  private ParameterArray weight(ParameterStore in, String name) {
    return in.parameter("backbone", name, new Shape(40, 50), Initializer.linear(4), Decay.YES);
  }

  @Test
  void namesAndSeedDecideTheFirstValuesNotTheOrderOfCreation() {
    float[] first = weight(store, "a").array().toFloatArray();
    weight(store, "b");
    try (ParameterStore other = new ParameterStore(manager, 7);
        ParameterStore reseeded = new ParameterStore(manager, 8)) {
      weight(other, "b");
      assertThat(weight(other, "a").array().toFloatArray()).containsExactly(first);
      assertThat(weight(other, "c").array().toFloatArray()).isNotEqualTo(first);
      assertThat(weight(reseeded, "a").array().toFloatArray()).isNotEqualTo(first);
    }
  }

  @Test
  void drawsWhatTheInitializerSays() {
    NDArray uniform = weight(store, "uniform").array();
    NDArray normal =
        store.parameter("b", "n", new Shape(10000), new Initializer.Normal(0.5), Decay.NO).array();

    assertThat(uniform.abs().max().getFloat()).isBetween(0.49f, 0.5f);
    assertThat(uniform.mean().getFloat()).isCloseTo(0, within(0.02f));
    assertThat(normal.mean().getFloat()).isCloseTo(0, within(0.02f));
    assertThat(normal.square().mean().getFloat()).isCloseTo(0.25f, within(0.01f));
  }

  @Test
  void anOptimiserUpdatesTheArrayInPlace() {
    ParameterArray parameter =
        store.parameter("b", "w", new Shape(3), Initializer.ones(), Decay.YES);
    float[] gradient = new float[3];
    for (int step = 0; step < 2; step++) {
      store.push();
      NDArray x = manager.create(new float[] {1, 2, 3});
      try (GradientCollector collector = TestEngine.engine().newGradientCollector()) {
        collector.backward(parameter.array().square().mul(x).sum());
      }
      parameter.parts().get(0).readGradient((p, g) -> g.get(gradient));
      FloatBuffer values = parameter.values();
      for (int i = 0; i < 3; i++) {
        values.put(i, values.get(i) - 0.1f * gradient[i]);
      }
      parameter.push();
    }

    // w <- w - 0.1 * 2 w x, twice: (1 - 0.2 x)^2; the last gradient is 2 x (1 - 0.2 x).
    assertThat(parameter.array().toFloatArray())
        .containsExactly(new float[] {0.64f, 0.36f, 0.16f}, within(1e-6f));
    assertThat(gradient).containsExactly(new float[] {1.6f, 2.4f, 2.4f}, within(1e-6f));
  }

  @Test
  void aParameterThatNoRowUsedHasZeroGradient() {
    ParameterArray used = store.parameter("b", "u", new Shape(1), Initializer.ones(), Decay.NO);
    ParameterArray idle = store.parameter("b", "i", new Shape(2), Initializer.ones(), Decay.NO);
    try (GradientCollector collector = TestEngine.engine().newGradientCollector()) {
      collector.backward(used.array().mul(3).sum());
    }
    float[] gradient = {9, 9};
    idle.parts().get(0).readGradient((p, g) -> g.get(gradient));

    assertThat(gradient).containsExactly(0, 0);
  }

  @Test
  void watchesParametersOfTheModelOnly() {
    ModelContext context = store.context("b", SHAPE);
    Parameter own = context.parameter("one", new Shape(2), Initializer.zeros(), Decay.NO);
    context.parameter("unwatched", new Shape(2), Initializer.zeros(), Decay.NO);
    ModelContext each = context.each("tower", 2);
    each.watch(each.parameter("bias", new Shape(1), Initializer.zeros(), Decay.NO));
    context.watch(own);
    context.watch(own);

    assertThat(store.watched())
        .extracting(DenseParameter::name)
        .containsExactly("b/tower.0/bias", "b/tower.1/bias", "b/one");
    try (ParameterStore other = new ParameterStore(manager, 7)) {
      Parameter foreign =
          other.context("b", SHAPE).parameter("two", new Shape(1), Initializer.zeros(), Decay.NO);
      assertThatThrownBy(() -> context.watch(foreign))
          .isInstanceOf(MsrException.class)
          .hasMessageContainingAll("model/FOREIGN_PARAMETER", "b/two");
    }
    store.seal();
    assertThatThrownBy(() -> context.watch(own))
        .isInstanceOf(MsrException.class)
        .hasMessageContaining("model/LATE_PARAMETER");
  }

  /** What lies in one array starts, is named and is saved as if each part had been made alone. */
  @Test
  void partsThatAreAlikeAreParametersOfTheirOwn() {
    Initializer drawn = new Initializer.Uniform(1);
    ModelContext each = store.context("b", SHAPE).each("tower", 3).scope("layer");
    Parameter stack = each.parameter("w", new Shape(2, 2), drawn, Decay.YES);
    Buffer means = each.buffer("mean", new Shape(2), drawn);
    try (ParameterStore other = new ParameterStore(manager, 7)) {
      ModelContext alone = other.context("b", SHAPE).scope("tower.2").scope("layer");
      NDArray weight = alone.parameter("w", new Shape(2, 2), drawn, Decay.YES).array();
      NDArray mean = alone.buffer("mean", new Shape(2), drawn).array();

      assertThat(stack.array().getShape()).isEqualTo(new Shape(3, 2, 2));
      assertThat(stack.array().get(2).toFloatArray()).containsExactly(weight.toFloatArray());
      assertThat(means.array().get(2).toFloatArray()).containsExactly(mean.toFloatArray());
    }
    assertThat(store.parameters().stream().map(DenseParameter::name))
        .containsExactly("b/tower.0/layer/w", "b/tower.1/layer/w", "b/tower.2/layer/w");
    try (GradientCollector collector = TestEngine.engine().newGradientCollector()) {
      NDArray factor = manager.create(new float[] {1, 2, 3}, new Shape(3, 1, 1));
      collector.backward(stack.array().mul(factor).sum());
    }
    store
        .parameters()
        .forEach(
            part -> {
              float[] gradient = new float[4];
              part.readGradient((p, g) -> g.get(gradient));
              int rank = part.name().charAt("b/tower.".length()) - '0';
              assertThat(gradient).containsOnly(rank + 1);
            });

    ParameterSnapshot snapshot = store.snapshot();
    NDArray before = stack.array().duplicate();
    store.arrays().get(0).values().put(5, 99);
    store.push();
    means.set(manager.create(new float[] {1, 2, 3, 4, 5, 6}, new Shape(3, 2)));
    assertThat(stack.array().get(1).toFloatArray()[1]).isEqualTo(99);
    assertThat(store.snapshot().values("b/tower.1/layer/mean", 2)).containsExactly(3, 4);
    store.restore(snapshot);
    assertThat(stack.array()).isEqualTo(before);
    assertThat(store.snapshot().values("b/tower.1/layer/mean", 2))
        .containsExactly(snapshot.values("b/tower.1/layer/mean", 2));
  }

  /**
   * By hand: a thousand rows, two and one, each its group's weight; then 1, 2, 3 times the whole.
   */
  @Test
  void blocksGiveTheGradientOfTheWhole() {
    Parameter weights =
        store
            .context("b", SHAPE)
            .each("tower", 3)
            .parameter("w", new Shape(1, 1), Initializer.ones(), Decay.YES);
    int[] group = new int[1003];
    Arrays.fill(group, 1000, 1002, 1);
    group[1002] = 2;
    NDArray x = manager.ones(new Shape(group.length, 1));
    NDArray factor = manager.create(new float[] {1, 2, 3}, new Shape(3, 1, 1));

    for (boolean whole : new boolean[] {false, true}) {
      GroupingPlan plan = GroupingPlan.of(manager, group, group.length, 3, true);
      try (GradientCollector collector = TestEngine.engine().newGradientCollector()) {
        RowBlocks blocks = plan.blocks();
        NDList rows = blocks.ofRows(x);
        NDList ofBlocks = blocks.ofGroups(weights);
        assertThat(rows).hasSize(2);
        NDArray y =
            blocks.toRows(
                new NDList(
                    rows.get(0).matMul(ofBlocks.get(0)), rows.get(1).matMul(ofBlocks.get(1))));
        NDArray sum = y.sum();
        collector.backward(whole ? sum.add(weights.array().mul(factor).sum()) : sum);
      }
      float[] gradients = new float[3];
      for (DenseParameter part : store.parameters()) {
        part.readGradient(
            (p, g) -> gradients[p.name().charAt("b/tower.".length()) - '0'] = g.get());
      }
      assertThat(gradients)
          .containsExactly(whole ? new float[] {1001, 4, 4} : new float[] {1000, 2, 1});
      store.push();
    }
  }

  @Test
  void snapshotsAreCopiesAndComeBackWhole() {
    ParameterArray parameter = weight(store, "w");
    Buffer buffer =
        store.context("backbone", SHAPE).buffer("mean", new Shape(2), Initializer.zeros());
    float[] before = parameter.array().toFloatArray();
    ParameterSnapshot snapshot = store.snapshot();
    parameter.values().put(0, 99);
    parameter.push();
    buffer.set(manager.create(new float[] {5, 6}));
    assertThat(buffer.array().toFloatArray()).containsExactly(5, 6);

    store.restore(snapshot);

    assertThat(snapshot.names()).containsExactlyInAnyOrder("backbone/w", "backbone/mean");
    assertThat(parameter.array().toFloatArray()).containsExactly(before);
    assertThat(buffer.array().toFloatArray()).containsExactly(0, 0);
  }

  @Test
  void namesFollowTheScopes() {
    ModelContext context = store.context("meta/user", SHAPE).scope("generator");
    Parameter parameter = context.parameter("weight", new Shape(1), Initializer.zeros(), Decay.YES);

    assertThat(parameter.name()).isEqualTo("meta/user/generator/weight");
    assertThat(store.parameters().iterator().next().scope()).isEqualTo("meta/user");
    assertThatThrownBy(
            () -> context.parameter("weight", new Shape(1), Initializer.zeros(), Decay.YES))
        .isInstanceOf(MsrException.class)
        .hasMessageContaining("[model/DUPLICATE_PARAMETER]");
    store.seal();
    assertThatThrownBy(() -> context.buffer("late", new Shape(1), Initializer.zeros()))
        .isInstanceOf(MsrException.class)
        .hasMessageContaining("[model/LATE_PARAMETER]");
  }
}
