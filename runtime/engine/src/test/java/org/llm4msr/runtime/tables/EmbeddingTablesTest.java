package org.llm4msr.runtime.tables;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.batch.FieldValues.IdLists;
import org.llm4msr.runtime.batch.FieldValues.Ids;
import org.llm4msr.runtime.batch.FieldValues.Numbers;

class EmbeddingTablesTest {

  @Test
  void gathersEveryKindOfField() {
    try (Workers workers = new Workers(2)) {
      EmbeddingTables tables = smallTables();
      FloatBuffer flat = buffer(3 * 6);

      new EmbeddingGather(tables, workers).gather(smallBatch(), flat);

      float[] row = new float[6];
      flat.get(0, row);
      // id 2; mean of rows 0 and 3; value 0.5 times the vector
      assertThat(row).containsExactly(20, 21, 15, 16, 3.5f, 4);
      flat.get(6, row);
      assertThat(row).containsExactly(0, 1, 10, 11, -7, -8);
      flat.get(12, row);
      assertThat(row).containsExactly(20, 21, 0, 0, 0, 0);
    }
  }

  @Test
  void mergesGradientsOfEveryKindOfField() {
    try (Workers workers = new Workers(2)) {
      EmbeddingTables tables = smallTables();
      FloatBuffer gradient = buffer(3 * 6);
      for (int i = 0; i < 18; i++) {
        gradient.put(i, i);
      }

      new EmbeddingUpdate(tables, workers).run(smallBatch(), gradient, new UpdateRule.Sgd(0), 1, 1);

      // id 2 in rows 0 and 2: 0 + 12, 1 + 13
      assertThat(row(tables, 0, 2)).containsExactly(20 - 12, 21 - 14);
      assertThat(row(tables, 0, 0)).containsExactly(0 - 6, 1 - 7);
      // row 0 of the list field: half of row 0's gradient (2, 3)
      assertThat(row(tables, 1, 0)).containsExactly(0 - 1f, 1 - 1.5f);
      // row 1 twice in one list: its whole gradient (8, 9)
      assertThat(row(tables, 1, 1)).containsExactly(10 - 8f, 11 - 9f);
      assertThat(row(tables, 1, 2)).containsExactly(20, 21);
      // 0.5 * (4, 5) - 1 * (10, 11) + 0 * (16, 17)
      assertThat(row(tables, 2, 0)).containsExactly(7 - 2f + 10, 8 - 2.5f + 11);
    }
  }

  @Test
  void updatesDoNotDependOnThreads() {
    float[] expected = trained(1, true, false);

    assertThat(trained(2, true, false)).containsExactly(expected);
    assertThat(trained(5, true, true)).containsExactly(expected);
    assertThat(trained(3, false, true)).containsExactly(trained(1, false, false));
  }

  @Test
  void aPreparationThatFailedIsForgotten() {
    EmbeddingTable table = new EmbeddingTable("id", 3, 2, 0);
    UpdateRule rule = new UpdateRule.Sgd(0);
    FloatBuffer gradient = buffer(2);
    gradient.put(0, new float[] {1, 2});
    List<Ids> known = List.of(new Ids(new int[] {1}));
    try (Workers workers = new Workers(2)) {
      EmbeddingUpdate update = new EmbeddingUpdate(new EmbeddingTables(List.of(table)), workers);
      update.prepare(1, List.of(new Ids(new int[] {1_000_000})), rule);
      assertThatThrownBy(() -> update.prepare(1, known, rule))
          .isInstanceOf(ArrayIndexOutOfBoundsException.class);
      update.run(1, known, gradient, rule, 1, 1);
    }

    float[] values = new float[6];
    table.read(0, 0, 3, values);
    assertThat(values).containsExactly(0, 0, -1, -2, 0, 0);
  }

  @Test
  void initialValuesAreNormalAndIndependentOfThreads() {
    EmbeddingTable table = new EmbeddingTable("user", 20_000, 16, 2);
    EmbeddingTable other = new EmbeddingTable("user", 5_000, 16, 0);
    try (Workers two = new Workers(2);
        Workers single = new Workers(1)) {
      table.initialize(7, two);
      other.initialize(7, single);
    }
    float[] values = new float[20_000 * 16];
    table.read(0, 0, 20_000, values);
    double sum = 0;
    double squares = 0;
    for (float value : values) {
      sum += value;
      squares += (double) value * value;
    }

    assertThat(sum / values.length).isCloseTo(0, within(1e-6));
    assertThat(Math.sqrt(squares / values.length)).isCloseTo(1e-4, within(1e-6));
    float[] prefix = new float[5_000 * 16];
    other.read(0, 0, 5_000, prefix);
    assertThat(prefix).containsExactly(Arrays.copyOf(values, prefix.length));
  }

  @ParameterizedTest
  @CsvSource({"item, 7", "user, 8"})
  void everyTableRowAndSeedHasValuesOfItsOwn(String name, long seed) {
    EmbeddingTable table = new EmbeddingTable("user", 2, 16, 0);
    EmbeddingTable other = new EmbeddingTable(name, 2, 16, 0);
    try (Workers workers = new Workers(1)) {
      table.initialize(7, workers);
      other.initialize(seed, workers);
    }
    float[] values = new float[16];
    float[] others = new float[16];
    table.read(0, 0, 1, values);
    for (int row = 0; row < 2; row++) {
      other.read(0, row, row + 1, others);
      assertThat(others).doesNotContain(values);
    }
    table.read(0, 1, 2, others);
    assertThat(others).doesNotContain(values);
  }

  /** Arrays of the JVM are short of large tables; a chunk has 1,024 rows of 3 * 1,024 numbers. */
  @Test
  void rowsOfSeveralChunksAreApart() {
    int width = 1024;
    int[] rows = {0, 1, 1023, 1024, 1025, 2047, 2048, 2499};
    EmbeddingTable table = new EmbeddingTable("user", 2_500, width, 2);
    float[] row = new float[width];
    for (int number : rows) {
      for (int slot = 0; slot < 3; slot++) {
        Arrays.fill(row, number * 10 + slot);
        table.write(slot, number, number + 1, row);
      }
    }

    for (int number : rows) {
      for (int slot = 0; slot < 3; slot++) {
        table.read(slot, number, number + 1, row);
        assertThat(row).containsOnly(number * 10f + slot);
      }
    }
    float[] across = new float[3 * width];
    table.read(1, 1023, 1026, across);
    assertThat(across[0]).isEqualTo(10_231);
    assertThat(across[width]).isEqualTo(10_241);
    assertThat(across[3 * width - 1]).isEqualTo(10_251);
  }

  @Test
  void aFailingBlockReachesTheCaller() {
    try (Workers workers = new Workers(3)) {
      assertThatThrownBy(
              () ->
                  workers.range(
                      100,
                      1,
                      (worker, from, to) -> {
                        if (from == 57) {
                          throw new IllegalStateException("block 57");
                        }
                      }))
          .hasMessage("block 57");
    }
  }

  private static EmbeddingTables smallTables() {
    EmbeddingTable ids = new EmbeddingTable("ids", 3, 2, 0);
    EmbeddingTable lists = new EmbeddingTable("lists", 4, 2, 0);
    EmbeddingTable numbers = new EmbeddingTable("numbers", 1, 2, 0);
    float[] counting = {0, 1, 10, 11, 20, 21, 30, 31};
    ids.write(0, 0, 3, counting);
    lists.write(0, 0, 4, counting);
    numbers.write(0, 0, 1, new float[] {7, 8});
    return new EmbeddingTables(List.of(ids, lists, numbers));
  }

  private static Batch smallBatch() {
    IdLists lists = new IdLists(3);
    System.arraycopy(new int[] {0, 2, 4, 4}, 0, lists.offsets, 0, 4);
    System.arraycopy(new int[] {0, 3, 1, 1}, 0, lists.ids, 0, 4);
    Batch batch =
        new Batch(
            3,
            List.of(new Ids(new int[] {2, 0, 2}), lists, new Numbers(new float[] {0.5f, -1, 0})));
    batch.size = 3;
    return batch;
  }

  private static float[] row(EmbeddingTables tables, int field, int row) {
    float[] values = new float[2];
    tables.tables().get(field).read(0, row, row + 1, values);
    return values;
  }

  /**
   * Ten Adam steps over two fields with many duplicates.
   *
   * @param ahead whether each step is prepared before, and one that does not follow
   */
  private static float[] trained(int threads, boolean lazy, boolean ahead) {
    int rows = 3_000;
    int batchSize = 2_000;
    Random random = new Random(5);
    UpdateRule rule = new UpdateRule.Adam(0.9, 0.999, 1e-8, 1e-5, lazy);
    try (Workers workers = new Workers(threads)) {
      EmbeddingTable big = new EmbeddingTable("big", rows, 4, 2);
      EmbeddingTable small = new EmbeddingTable("small", 3, 4, 2);
      big.initialize(1, workers);
      small.initialize(1, workers);
      EmbeddingUpdate tables =
          new EmbeddingUpdate(new EmbeddingTables(List.of(big, small)), workers);
      FloatBuffer gradient = buffer(batchSize * 8);
      for (int step = 1; step <= 10; step++) {
        int[] a = random.ints(batchSize, 0, rows).toArray();
        int[] b = random.ints(batchSize, 0, 3).toArray();
        Batch batch = new Batch(batchSize, List.of(new Ids(a), new Ids(b)));
        batch.size = batchSize;
        for (int i = 0; i < batchSize * 8; i++) {
          gradient.put(i, (float) random.nextGaussian());
        }
        if (ahead) {
          tables.prepare(1, List.of(new Ids(new int[] {7}), new Ids(new int[] {2})), rule);
          tables.prepare(batchSize, batch.fields, rule);
        }
        tables.run(batch, gradient, rule, step, 0.01);
      }
      float[] all = new float[(rows + 3) * 4];
      big.read(0, 0, rows, all);
      float[] rest = new float[12];
      small.read(0, 0, 3, rest);
      System.arraycopy(rest, 0, all, rows * 4, 12);
      return all;
    }
  }

  private static FloatBuffer buffer(int floats) {
    return ByteBuffer.allocateDirect(floats * 4).order(ByteOrder.nativeOrder()).asFloatBuffer();
  }
}
