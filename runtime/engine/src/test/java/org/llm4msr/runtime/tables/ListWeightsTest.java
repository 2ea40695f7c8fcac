package org.llm4msr.runtime.tables;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.batch.FieldValues.IdLists;

/** Lists whose ids have weights, compared with float64. */
class ListWeightsTest {

  private static final int ROWS = 40;
  private static final int IDS = 9;
  private static final int D = 5;

  private final Random random = new Random(3);

  private IdLists lists(boolean weighted, boolean alike) {
    IdLists lists = new IdLists(ROWS);
    for (int row = 0; row < ROWS; row++) {
      int length = row % 5;
      int[] ids = random.ints(length, 0, IDS).toArray();
      float[] weights = new float[length];
      for (int i = 0; i < length; i++) {
        weights[i] = alike ? 1 : 0.01f + 10 * random.nextFloat();
      }
      lists.set(row, ids, weighted && row % 7 > 0 ? weights : null, length);
    }
    return lists;
  }

  private static Batch batch(IdLists lists) {
    Batch batch = new Batch(ROWS, List.of(lists));
    batch.size = ROWS;
    return batch;
  }

  private EmbeddingTables tables() {
    EmbeddingTable table = new EmbeddingTable("tags", IDS, D, 0);
    float[] values = new float[IDS * D];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    table.write(0, 0, IDS, values);
    return new EmbeddingTables(List.of(table));
  }

  private static float[] values(EmbeddingTables tables) {
    float[] values = new float[IDS * D];
    tables.tables().get(0).read(0, 0, IDS, values);
    return values;
  }

  private static double weight(IdLists lists, int i) {
    return lists.weights == null ? 1 : lists.weights[i];
  }

  /** Returns the share of an element in the mean of its row. */
  private static double share(IdLists lists, int row, int i) {
    double sum = 0;
    for (int k = lists.offsets[row]; k < lists.offsets[row + 1]; k++) {
      sum += weight(lists, k);
    }
    return weight(lists, i) / sum;
  }

  private static FloatBuffer buffer() {
    return ByteBuffer.allocateDirect(ROWS * D * 4).order(ByteOrder.nativeOrder()).asFloatBuffer();
  }

  private static float[] gathered(EmbeddingTables tables, IdLists lists) {
    try (Workers workers = new Workers(2)) {
      FloatBuffer flat = buffer();
      new EmbeddingGather(tables, workers).gather(batch(lists), flat);
      float[] all = new float[ROWS * D];
      flat.get(0, all);
      return all;
    }
  }

  @Test
  void theVectorOfAListIsTheWeightedMean() {
    EmbeddingTables tables = tables();
    IdLists lists = lists(true, false);
    float[] table = values(tables);

    float[] found = gathered(tables, lists);

    for (int row = 0; row < ROWS; row++) {
      for (int d = 0; d < D; d++) {
        double expected = 0;
        for (int i = lists.offsets[row]; i < lists.offsets[row + 1]; i++) {
          expected += share(lists, row, i) * table[lists.ids[i] * D + d];
        }
        assertThat((double) found[row * D + d]).isCloseTo(expected, within(2e-6));
      }
    }
  }

  @Test
  void theGradientOfAnElementIsItsShareOfTheRows() {
    EmbeddingTables tables = tables();
    IdLists lists = lists(true, false);
    double[] expected = new double[IDS * D];
    float[] before = values(tables);
    FloatBuffer gradient = buffer();
    for (int i = 0; i < ROWS * D; i++) {
      gradient.put(i, (float) random.nextGaussian());
    }
    for (int row = 0; row < ROWS; row++) {
      for (int i = lists.offsets[row]; i < lists.offsets[row + 1]; i++) {
        for (int d = 0; d < D; d++) {
          expected[lists.ids[i] * D + d] += share(lists, row, i) * gradient.get(row * D + d);
        }
      }
    }

    try (Workers workers = new Workers(2)) {
      new EmbeddingUpdate(tables, workers).run(batch(lists), gradient, new UpdateRule.Sgd(0), 1, 1);
    }

    float[] after = values(tables);
    for (int i = 0; i < after.length; i++) {
      assertThat((double) before[i] - after[i]).isCloseTo(expected[i], within(1e-5));
    }
  }

  @Test
  void equalWeightsAreNoWeights() {
    EmbeddingTables tables = tables();
    IdLists alike = lists(true, true);
    IdLists none = new IdLists(ROWS);
    for (int row = 0; row < ROWS; row++) {
      none.take(alike, row, row);
    }
    none.weights = null;

    assertThat(gathered(tables, alike)).containsExactly(gathered(tables, none));
  }
}
