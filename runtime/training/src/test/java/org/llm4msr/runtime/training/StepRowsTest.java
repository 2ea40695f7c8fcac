package org.llm4msr.runtime.training;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.batch.FieldValues.IdLists;
import org.llm4msr.runtime.batch.FieldValues.Ids;
import org.llm4msr.runtime.batch.FieldValues.Numbers;

class StepRowsTest {

  /** Rows 0 to 4 of the scenarios 2, 0, 2, 1 and 0, in a batch with room for six. */
  private static Batch batch() {
    IdLists lists = new IdLists(6);
    lists.set(0, new int[] {1, 2, 3}, 3);
    lists.set(1, new int[0], 0);
    lists.set(2, new int[] {4}, 1);
    lists.set(3, new int[] {5, 6}, 2);
    lists.set(
        4, new int[] {7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24}, 18);
    Batch batch =
        new Batch(
            6,
            List.of(
                new Ids(new int[] {10, 11, 12, 13, 14, -1}),
                lists,
                new Numbers(new float[] {0, 0.1f, 0.2f, 0.3f, 0.4f, -1})));
    batch.size = 5;
    int[] scenarios = {2, 0, 2, 1, 0};
    for (int row = 0; row < 5; row++) {
      batch.scenario[row] = scenarios[row];
      batch.user[row] = 100 + row;
      batch.label[row] = row % 2;
      batch.row[row] = 1000L + row;
    }
    return batch;
  }

  private static int[] list(IdLists lists, int row) {
    return Arrays.copyOfRange(lists.ids, lists.offsets[row], lists.offsets[row + 1]);
  }

  /** The rows 1, 4, 3, 0, 2: scenario by scenario, each in the order of the batch. */
  @Test
  void laysRowsOutByScenario() {
    Batch ordered = new StepRows(3, true).of(batch(), null);

    assertThat(ordered.size).isEqualTo(5);
    assertThat(Arrays.copyOf(ordered.scenario, 5)).containsExactly(0, 0, 1, 2, 2);
    assertThat(Arrays.copyOf(ordered.user, 5)).containsExactly(101, 104, 103, 100, 102);
    assertThat(Arrays.copyOf(ordered.label, 5)).containsExactly(1, 0, 1, 0, 0);
    assertThat(Arrays.copyOf(ordered.row, 5)).containsExactly(1001, 1004, 1003, 1000, 1002);
    assertThat(Arrays.copyOf(((Ids) ordered.fields.get(0)).ids(), 5))
        .containsExactly(11, 14, 13, 10, 12);
    IdLists lists = (IdLists) ordered.fields.get(1);
    assertThat(list(lists, 0)).isEmpty();
    assertThat(list(lists, 1)).hasSize(18).startsWith(7, 8).endsWith(24);
    assertThat(list(lists, 2)).containsExactly(5, 6);
    assertThat(list(lists, 3)).containsExactly(1, 2, 3);
    assertThat(list(lists, 4)).containsExactly(4);
    assertThat(Arrays.copyOf(((Numbers) ordered.fields.get(2)).values(), 5))
        .containsExactly(0.1f, 0.4f, 0.3f, 0, 0.2f);
  }

  @Test
  void reusesItsBatchForFewerRows() {
    StepRows order = new StepRows(3, true);
    Batch first = order.of(batch(), null);
    Batch fewer = batch();
    fewer.size = 2;

    Batch second = order.of(fewer, null);

    assertThat(second).isSameAs(first);
    assertThat(second.size).isEqualTo(2);
    assertThat(Arrays.copyOf(second.user, 2)).containsExactly(101, 100);
    assertThat(list((IdLists) second.fields.get(1), 1)).containsExactly(1, 2, 3);
  }

  @Test
  void leavesTheGivenBatchAsItIs() {
    Batch given = batch();

    new StepRows(3, true).of(given, null);

    assertThat(Arrays.copyOf(given.user, 5)).containsExactly(100, 101, 102, 103, 104);
    assertThat(list((IdLists) given.fields.get(1), 2)).containsExactly(4);
  }

  @Test
  void leavesOutRowsOfWeightZero() {
    float[] weights = {2, 0, 0.5f, 0, 1};

    Batch ordered = new StepRows(3, true).of(batch(), weights);

    assertThat(ordered.size).isEqualTo(3);
    assertThat(Arrays.copyOf(ordered.user, 3)).containsExactly(104, 100, 102);
    assertThat(Arrays.copyOf(ordered.weight, 3)).containsExactly(1, 2, 0.5f);
    assertThat(list((IdLists) ordered.fields.get(1), 1)).containsExactly(1, 2, 3);
  }

  @Test
  void keepsRowsInTheirOrderWhereUsersLieTogether() {
    StepRows rows = new StepRows(3, false);
    Batch given = batch();

    assertThat(rows.of(given, null)).isSameAs(given);
    Batch weighed = rows.of(given, new float[] {1, 0, 1, 1, 4});

    assertThat(weighed.size).isEqualTo(4);
    assertThat(Arrays.copyOf(weighed.user, 4)).containsExactly(100, 102, 103, 104);
    assertThat(Arrays.copyOf(weighed.weight, 4)).containsExactly(1, 1, 1, 4);
    assertThat(given.weight).isNull();
  }

  @Test
  void dropsWeightsThatAreNotToCount() {
    Batch given = batch();
    given.weight = new float[] {1, 2, 3, 4, 5, 6};

    assertThat(new StepRows(3, true).of(given, null).weight).isNull();
    assertThat(new StepRows(3, false).of(given, null).weight).isNull();
    assertThat(given.weight).hasSize(6);
  }
}
