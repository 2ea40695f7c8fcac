package org.llm4msr.runtime.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.llm4msr.api.internal.RowBlocks;
import org.llm4msr.api.internal.RowBlocks.Block;
import org.llm4msr.api.model.Grouping;
import org.llm4msr.api.model.Grouping.Part;
import org.llm4msr.api.model.Grouping.Segment;
import org.llm4msr.runtime.config.Precision;
import org.llm4msr.runtime.tables.Workers;

@Tag("engine")
class GroupingPlanTest {

  private final NDManager manager = TestEngine.manager();

  @AfterEach
  void close() {
    manager.close();
  }

  /** Five rows of three groups; group 1 has none. */
  private GroupingPlan plan() {
    return GroupingPlan.of(manager, new int[] {2, 0, 2, 0, 2, 9}, 5, 3);
  }

  private NDArray rows() {
    return manager.create(new float[] {1, 10, 2, 20, 3, 30, 4, 40, 5, 50}, new Shape(5, 2));
  }

  @Test
  void ordersRowsByGroupAndRestoresThem() {
    GroupingPlan plan = plan();

    assertThat(plan.segments()).containsExactly(new Segment(0, 0, 2), new Segment(2, 2, 5));
    assertThat(plan.order(rows()).toFloatArray())
        .containsExactly(2, 20, 4, 40, 1, 10, 3, 30, 5, 50);
    assertThat(plan.restore(plan.order(rows())).toFloatArray())
        .containsExactly(rows().toFloatArray());
  }

  @Test
  void repeatsRowsBehindEachOther() {
    Grouping plan = plan().repeated(2);
    NDArray x = rows().reshape(10, 1);

    assertThat(plan.rows()).isEqualTo(10);
    assertThat(plan.segments()).containsExactly(new Segment(0, 0, 4), new Segment(2, 4, 10));
    assertThat(plan.order(x).toFloatArray()).containsExactly(2, 20, 4, 40, 1, 10, 3, 30, 5, 50);
    assertThat(plan.restore(plan.order(x)).toFloatArray()).containsExactly(rows().toFloatArray());
  }

  @Test
  void givesRowsTheValuesOfTheirGroup() {
    NDArray perGroup = manager.create(new float[] {7, 8, 9}, new Shape(3, 1));

    assertThat(plan().rowValues(perGroup).toFloatArray()).containsExactly(9, 7, 9, 7, 9);
  }

  @Test
  void maySurviveTheScopeOfItsFirstUse() {
    NDArray perGroup = manager.create(new float[] {7, 8, 9}, new Shape(3, 1));
    GroupingPlan plan = plan();
    try (NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      plan.rowValues(perGroup);
      plan.restore(plan.order(rows()));
      plan.blocks().toRows(plan.blocks().ofRows(rows()));
      plan.blocks().shares();
    }

    assertThat(plan.rowValues(perGroup).toFloatArray()).containsExactly(9, 7, 9, 7, 9);
    assertThat(plan.restore(plan.order(rows())).toFloatArray())
        .containsExactly(rows().toFloatArray());
    assertThat(plan.blocks().toRows(plan.blocks().ofRows(rows())).toFloatArray())
        .containsExactly(rows().toFloatArray());
    assertThat(plan.blocks().shares().get(0).sum(new int[] {2}).toFloatArray())
        .containsExactly(new float[] {1, 0, 1}, within(1e-6f));
  }

  /** By hand: one block of 3 * 8 places costs 24 + 1024, two of 2 and 2 * 8 18 + 2 * 1024. */
  @Test
  void laysFewRowsIntoOneBlock() {
    RowBlocks blocks = plan().blocks();

    assertThat(blocks.blocks()).containsExactly(new Block(List.of(2, 0, 3), 8));
    NDArray rows = blocks.ofRows(rows()).singletonOrThrow();
    assertThat(rows.getShape()).isEqualTo(new Shape(3, 8, 2));
    assertThat(Arrays.copyOf(rows.toFloatArray(), 4)).containsExactly(2, 20, 4, 40);
    assertThat(Arrays.copyOfRange(rows.toFloatArray(), 32, 38))
        .containsExactly(1, 10, 3, 30, 5, 50);
    assertThat(blocks.toRows(new NDList(rows)).toFloatArray())
        .containsExactly(rows().toFloatArray());
  }

  /** Every place that a row does not fill counts nothing, and its group's mean is that of rows. */
  @Test
  void sharesMakeMeans() {
    RowBlocks blocks = plan().blocks();

    NDArray means =
        blocks.shares().get(0).matMul(blocks.ofRows(rows()).singletonOrThrow()).squeeze(1);

    assertThat(blocks.toGroups(new NDList(means)).toFloatArray())
        .containsExactly(new float[] {3, 30, 0, 0, 3, 30}, within(1e-5f));
  }

  /**
   * By hand: the first two alone and the others with 104 places each cost 1000 + 900 + 312 + 3 *
   * 640 = 4132, the first two together 2000 + 312 + 1280 = 3592, one block 5640, any further cut
   * 640 for at most 100 places.
   */
  @Test
  void putsGroupsOfLikeSizeIntoABlock() {
    GroupingPlan plan = groups(1000, 900, 100, 90, 80);

    assertThat(plan.blocks().blocks())
        .containsExactly(new Block(List.of(1000, 900), 1000), new Block(List.of(100, 90, 80), 104));
    assertRoundTrip(plan, 2170);
  }

  /**
   * By hand, by rank: 600 + 3 + 600 + 5 + 4 * 640 = 3768 or all in one 2400 + 640 = 3040; by size:
   * 1200 + 16 + 2 * 640 and four copies of 32, 2624.
   */
  @Test
  void sortsGroupsBySizeWhereRanksAreMixed() {
    GroupingPlan plan = groups(600, 3, 600, 5);
    RowBlocks blocks = plan.blocks();

    assertThat(blocks.blocks())
        .containsExactly(new Block(List.of(600, 600), 600), new Block(List.of(5, 3), 8));
    assertRoundTrip(plan, 1208);
    NDArray perGroup = manager.arange(0f, 24f).reshape(4, 2, 3);
    NDList values = blocks.ofGroups(perGroup);
    assertThat(values.get(0).toFloatArray())
        .containsExactly(0, 1, 2, 3, 4, 5, 12, 13, 14, 15, 16, 17);
    assertThat(values.get(1).toFloatArray())
        .containsExactly(18, 19, 20, 21, 22, 23, 6, 7, 8, 9, 10, 11);
    assertThat(blocks.toGroups(values).toFloatArray()).containsExactly(perGroup.toFloatArray());
  }

  /** One group whose rows lie as in the batch: nothing is copied. */
  @Test
  void leavesRowsOfOneGroupWhereTheyAre() {
    GroupingPlan plan = groups(19);
    NDArray x = manager.ones(new Shape(19, 1));

    assertThat(plan.blocks().blocks()).containsExactly(new Block(List.of(19), 19));
    assertThat(plan.blocks().ofRows(x).singletonOrThrow().getShape())
        .isEqualTo(new Shape(1, 19, 1));
  }

  /** A plan whose groups have so many rows, in mixed order. */
  private GroupingPlan groups(int... rows) {
    List<Integer> group = new ArrayList<>();
    for (int g = 0; g < rows.length; g++) {
      group.addAll(Collections.nCopies(rows[g], g));
    }
    Collections.shuffle(group, new Random(1));
    int[] ofRow = group.stream().mapToInt(Integer::intValue).toArray();
    return GroupingPlan.of(manager, ofRow, ofRow.length, rows.length);
  }

  private void assertRoundTrip(GroupingPlan plan, int rows) {
    NDArray x = manager.arange(0f, rows).reshape(rows, 1);
    assertThat(plan.blocks().toRows(plan.blocks().ofRows(x)).toFloatArray())
        .containsExactly(x.toFloatArray());
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
    RowBlocks blocks = plan().blocks();
    assertThat(gradient(x -> blocks.toRows(blocks.ofRows(x)), weights))
        .containsExactly(1, 2, 3, 4, 5);
    assertThat(gradient(x -> plan().rowValues(x), weights)).startsWith(6, 0, 9);
  }

  /** Row r is at place 2, 0, 3, 1, 4 of one order and at 4, 3, 2, 1, 0 of the other. */
  @Test
  void addsUpTheGradientsOfRowsThatAreMovedTwice() {
    try (Workers workers = new Workers(2)) {
      Tape tape = Tape.of(manager, workers, Precision.FLOAT32, true);
      int[][] groups = {{2, 0, 2, 0, 2}, {4, 3, 2, 1, 0}};
      float[][] weights = {{1, 2, 3, 4, 5}, {10, 20, 30, 40, 50}};
      NDArray x = rows();
      x.setRequiresGradient(true);
      try (GradientCollector collector = TestEngine.engine().newGradientCollector()) {
        NDArray sum = x.mul(100).sum();
        for (int i = 0; i < groups.length; i++) {
          GroupingPlan plan = GroupingPlan.of(manager, groups[i], 5, 5, true, tape);
          sum = sum.add(plan.order(x).mul(manager.create(weights[i], new Shape(5, 1))).sum());
        }
        tape.backward(collector, sum);
      }

      assertThat(x.getGradient().toFloatArray())
          .containsExactly(153, 153, 141, 141, 134, 134, 122, 122, 115, 115);
    }
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
