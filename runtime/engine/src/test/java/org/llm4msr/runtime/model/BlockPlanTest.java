package org.llm4msr.runtime.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.llm4msr.api.internal.RowBlocks.Block;

@Tag("engine")
class BlockPlanTest {

  private final NDManager manager = TestEngine.manager();

  @AfterEach
  void close() {
    manager.close();
  }

  /** Rows 1 and 3 are of group 0, rows 0, 2 and 4 of group 2; group 1 has none. */
  private BlockPlan small() {
    return new BlockPlan(manager, new int[] {0, 2, 2, 5}, new int[] {1, 3, 0, 2, 4}, false);
  }

  /** Free places repeat the group's last row, and those of an empty group the batch's first. */
  @Test
  void fillsFreePlacesWithRowsOfTheGroup() {
    NDArray x = manager.create(new float[] {10, 11, 12, 13, 14}, new Shape(5, 1));

    NDList blocks = small().ofRows(x);

    assertThat(small().blocks()).containsExactly(new Block(List.of(2, 0, 3), 8));
    assertThat(blocks).hasSize(1);
    assertThat(blocks.get(0).getShape()).isEqualTo(new Shape(3, 8, 1));
    assertThat(blocks.get(0).toFloatArray())
        .containsExactly(
            11, 13, 13, 13, 13, 13, 13, 13, //
            11, 11, 11, 11, 11, 11, 11, 11, //
            10, 12, 14, 14, 14, 14, 14, 14);
  }

  @Test
  void takesRowsFromTheirPlaces() {
    NDArray block = manager.arange(0f, 24f).reshape(3, 8, 1);

    assertThat(small().toRows(new NDList(block)).toFloatArray()).containsExactly(16, 0, 17, 1, 18);
  }

  @Test
  void leavesGroupsByRankWhereTheyAre() {
    NDArray perGroup = manager.create(new float[] {7, 8, 9}, new Shape(3, 1));

    NDList blocks = small().ofGroups(perGroup);

    assertThat(blocks.get(0)).isSameAs(perGroup);
    assertThat(small().toGroups(blocks)).isSameAs(perGroup);
  }

  @Test
  void sharesAreThoseOfTheGroupsRows() {
    float third = 1 / 3f;

    assertThat(small().shares().singletonOrThrow().toFloatArray())
        .containsExactly(
            0.5f, 0.5f, 0, 0, 0, 0, 0, 0, //
            0, 0, 0, 0, 0, 0, 0, 0, //
            third, third, third, 0, 0, 0, 0, 0);
  }

  /** Groups of 600, 3, 600 and 5 rows lie by size in two blocks. */
  @Test
  void multipliesEachRowByTheMatrixOfItsGroup() {
    int[] rows = {600, 3, 600, 5};
    int[] groupOfRow = mixed(rows);
    BlockPlan plan = plan(groupOfRow, rows.length);
    Random random = new Random(2);
    float[] x = floats(random, groupOfRow.length * 3);
    float[] w = floats(random, rows.length * 3 * 2);
    NDList ofRows = plan.ofRows(manager.create(x, new Shape(groupOfRow.length, 3)));
    NDList ofGroups = plan.ofGroups(manager.create(w, new Shape(rows.length, 3, 2)));

    NDList products = new NDList();
    for (int b = 0; b < ofRows.size(); b++) {
      products.add(ofRows.get(b).matMul(ofGroups.get(b)));
    }

    float[] y = plan.toRows(products).toFloatArray();
    assertThat(plan.blocks())
        .containsExactly(new Block(List.of(600, 600), 600), new Block(List.of(5, 3), 8));
    for (int row = 0; row < groupOfRow.length; row++) {
      for (int out = 0; out < 2; out++) {
        double sum = 0;
        for (int in = 0; in < 3; in++) {
          sum += (double) x[row * 3 + in] * w[(groupOfRow[row] * 3 + in) * 2 + out];
        }
        assertThat(y[row * 2 + out]).isCloseTo((float) sum, within(1e-5f));
      }
    }
  }

  private BlockPlan plan(int[] groupOfRow, int groups) {
    int[] starts = new int[groups + 1];
    for (int g = 0; g < groups; g++) {
      int group = g;
      starts[g + 1] = starts[g] + (int) IntStream.of(groupOfRow).filter(of -> of == group).count();
    }
    int[] order =
        IntStream.range(0, groups)
            .flatMap(g -> IntStream.range(0, groupOfRow.length).filter(row -> groupOfRow[row] == g))
            .toArray();
    return new BlockPlan(manager, starts, order, false);
  }

  /** Returns the group of each row, the groups mixed as far as their sizes allow. */
  private static int[] mixed(int... rows) {
    return IntStream.range(0, IntStream.of(rows).max().orElseThrow())
        .flatMap(turn -> IntStream.range(0, rows.length).filter(g -> turn < rows[g]))
        .toArray();
  }

  private static float[] floats(Random random, int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }
}
