package org.llm4msr.runtime.batch;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.llm4msr.runtime.batch.FieldValues.IdLists;

class FieldValuesTest {

  @Test
  void rowsKeepTheirWeightsInOtherBatches() {
    IdLists lists = new IdLists(3);
    lists.set(0, new int[] {1}, 1);
    lists.set(1, new int[] {2, 3}, new float[] {0.5f, 4}, 2);
    lists.set(2, new int[] {5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8}, 12);
    IdLists other = new IdLists(2);

    other.pick(lists, new int[] {2, 1}, 2);

    assertThat(other.offsets).containsExactly(0, 12, 14);
    assertThat(other.weights).startsWith(1, 1).contains(0.5f, 4);
    assertThat(other.weights[12]).isEqualTo(0.5f);
    assertThat(other.weights[13]).isEqualTo(4);
    assertThat(lists.weights[0]).isEqualTo(1);
  }
}
