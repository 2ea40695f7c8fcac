package org.llm4msr.runtime.model;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.llm4msr.api.model.Grouping;
import org.llm4msr.api.model.Grouping.Part;
import org.llm4msr.api.model.Grouping.Segment;

@Tag("engine")
class GroupingPlanTest {

  private final NDManager manager = TestEngine.manager();

  @AfterEach
  void close() {
    manager.close();
  }

  /** Five rows of three groups; group 1 has none. */
  private Grouping plan() {
    return GroupingPlan.of(manager, new int[] {2, 0, 2, 0, 2, 9}, 5, 3);
  }

  private NDArray rows() {
    return manager.create(new float[] {1, 10, 2, 20, 3, 30, 4, 40, 5, 50}, new Shape(5, 2));
  }

  @Test
  void ordersRowsByGroupAndRestoresThem() {
    Grouping plan = plan();

    assertThat(plan.segments()).containsExactly(new Segment(0, 0, 2), new Segment(2, 2, 5));
    assertThat(plan.order(rows()).toFloatArray())
        .containsExactly(2, 20, 4, 40, 1, 10, 3, 30, 5, 50);
    assertThat(plan.restore(plan.order(rows())).toFloatArray())
        .containsExactly(rows().toFloatArray());
  }

  @Test
  void givesRowsAndSlotsTheValuesOfTheirGroup() {
    NDArray perGroup = manager.create(new float[] {7, 8, 9}, new Shape(3, 1));

    assertThat(plan().rowValues(perGroup).toFloatArray()).containsExactly(9, 7, 9, 7, 9);
    assertThat(plan().slotValues(perGroup).toFloatArray()).containsExactly(7, 9);
  }

  @Test
  void maySurviveTheScopeOfItsFirstUse() {
    NDArray perGroup = manager.create(new float[] {7, 8, 9}, new Shape(3, 1));
    Grouping plan = plan();
    try (NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      plan.rowValues(perGroup);
      plan.restore(plan.order(rows()));
      plan.fromSlots(plan.toSlots(rows()));
    }

    assertThat(plan.rowValues(perGroup).toFloatArray()).containsExactly(9, 7, 9, 7, 9);
    assertThat(plan.restore(plan.order(rows())).toFloatArray())
        .containsExactly(rows().toFloatArray());
    assertThat(plan.fromSlots(plan.toSlots(rows())).toFloatArray())
        .containsExactly(rows().toFloatArray());
  }

  @Test
  void keepsFurtherAxesOfGroupValues() {
    NDArray perGroup = manager.arange(0f, 18f).reshape(3, 2, 3);

    NDArray slots = plan().slotValues(perGroup);

    assertThat(slots.getShape()).isEqualTo(new Shape(2, 2, 3));
    assertThat(slots.toFloatArray()).containsExactly(0, 1, 2, 3, 4, 5, 12, 13, 14, 15, 16, 17);
  }

  @Test
  void laysRowsIntoSlotsWithZerosBehind() {
    NDArray slots = plan().toSlots(rows());

    assertThat(slots.getShape()).isEqualTo(new Shape(2, 8, 2));
    float[] expected = new float[32];
    System.arraycopy(new float[] {2, 20, 4, 40}, 0, expected, 0, 4);
    System.arraycopy(new float[] {1, 10, 3, 30, 5, 50}, 0, expected, 16, 6);
    assertThat(slots.toFloatArray()).containsExactly(expected);
    assertThat(plan().fromSlots(slots).toFloatArray()).containsExactly(rows().toFloatArray());
  }

  /** By hand, T (R + 32): one slot of 24 costs 24, three of 8 cost 120. */
  @Test
  void holdsGroupsOfLikeSizeInOneSlotEach() {
    Grouping plan = GroupingPlan.of(manager, new int[19], 19, 1);

    assertThat(plan.slotRows()).isEqualTo(24);
    assertThat(plan.toSlots(manager.ones(new Shape(19, 1))).getShape().get(0)).isEqualTo(1);
  }

  /**
   * By hand: 200 rows and 20 times one; R = 8: 45 * 40 = 1800, 16: 33 * 48 = 1584, 32: 27 * 64 =
   * 1728.
   */
  @Test
  void cutsAGroupThatIsLongBesideOthers() {
    int[] group = new int[220];
    for (int row = 200; row < 220; row++) {
      group[row] = row - 199;
    }
    Grouping plan = GroupingPlan.of(manager, group, 220, 21);

    assertThat(plan.slotRows()).isEqualTo(16);
    NDArray x = manager.arange(0f, 220f).reshape(220, 1);
    assertThat(plan.toSlots(x).getShape()).isEqualTo(new Shape(33, 16, 1));
    assertThat(plan.fromSlots(plan.toSlots(x)).toFloatArray()).containsExactly(x.toFloatArray());
  }

  @Test
  void cutsIntoPartsOfConsecutiveGroups() {
    List<Part> parts = plan().parts(2);

    assertThat(parts).hasSize(2);
    Part first = parts.get(0);
    Part second = parts.get(1);
    assertThat(List.of(first.from(), first.to(), first.firstGroup())).containsExactly(0, 2, 0);
    assertThat(first.grouping().groups()).isEqualTo(2);
    assertThat(List.of(second.from(), second.to(), second.firstGroup())).containsExactly(2, 5, 2);
    assertThat(second.grouping().segments()).containsExactly(new Segment(0, 0, 3));
  }

  @Test
  void carriesGradientsThroughEveryOperation() {
    float[] weights = {1, 2, 3, 4, 5};
    assertThat(gradient(x -> plan().order(x), weights)).containsExactly(3, 1, 4, 2, 5);
    assertThat(gradient(x -> plan().restore(x), weights)).containsExactly(2, 4, 1, 3, 5);
    assertThat(gradient(x -> plan().fromSlots(plan().toSlots(x)), weights))
        .containsExactly(1, 2, 3, 4, 5);
    assertThat(gradient(x -> plan().rowValues(x), weights)).startsWith(6, 0, 9);
  }

  /** The gradient of sum over rows of weight times operation(x), x of as many rows. */
  private float[] gradient(UnaryOperator<NDArray> operation, float[] weights) {
    NDArray factor = manager.create(weights, new Shape(weights.length, 1));
    NDArray x = manager.ones(new Shape(weights.length, 1));
    x.setRequiresGradient(true);
    try (GradientCollector collector = TestEngine.engine().newGradientCollector()) {
      collector.backward(operation.apply(x).mul(factor).sum());
    }
    return x.getGradient().toFloatArray();
  }
}
