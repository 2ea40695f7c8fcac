package org.llm4msr.runtime.tables;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.batch.FieldValues;
import org.llm4msr.runtime.batch.FieldValues.IdLists;
import org.llm4msr.runtime.batch.FieldValues.Ids;
import org.llm4msr.runtime.batch.FieldValues.Numbers;

/** Tables that several fields read, of several widths, and those of first-order weights. */
class SharedTablesTest {

  private static final int ROWS = 300;
  private static final int VALUES = 40;
  private static final int D = 3;

  private final Random random = new Random(11);

  private IdLists lists(int from, int to) {
    IdLists lists = new IdLists(ROWS);
    for (int row = 0; row < ROWS; row++) {
      int[] ids = random.ints(1 + random.nextInt(5), from, to).toArray();
      lists.set(row, ids, ids.length);
    }
    return lists;
  }

  private static Batch batch(FieldValues... fields) {
    Batch batch = new Batch(ROWS, List.of(fields));
    batch.size = ROWS;
    return batch;
  }

  private FloatBuffer gradient(int width) {
    FloatBuffer gradient = FloatBuffer.allocate(ROWS * width);
    for (int i = 0; i < ROWS * width; i++) {
      gradient.put(i, (float) random.nextGaussian());
    }
    return gradient;
  }

  private static float[] read(EmbeddingTable table) {
    float[] values = new float[table.rows() * table.dimension()];
    table.read(0, 0, table.rows(), values);
    return values;
  }

  /**
   * Field 0 has an id, field 1 a table of its own, field 2 a list that reads the table of field 0.
   */
  @Test
  void sumsTheGradientsOfAllFieldsOfATable() {
    Ids single = new Ids(random.ints(ROWS, 0, VALUES).toArray());
    IdLists several = lists(0, VALUES);
    Batch batch = batch(single, new Ids(new int[ROWS]), several);
    EmbeddingTable shared = new EmbeddingTable("shared", VALUES, D, 0);
    EmbeddingTable other = new EmbeddingTable("other", 1, D, 0);
    try (Workers workers = new Workers(2)) {
      shared.initialize(3, workers);
      EmbeddingTables tables = new EmbeddingTables(List.of(shared, other, shared));
      int width = 3 * D;
      assertThat(tables.width()).isEqualTo(width);
      float[] before = read(shared);
      FloatBuffer gathered = FloatBuffer.allocate(ROWS * width);
      new EmbeddingGather(tables, workers).gather(batch, gathered);
      FloatBuffer gradient = gradient(width);
      new EmbeddingUpdate(tables, workers).run(batch, gradient, new UpdateRule.Sgd(0), 1, 0.5);

      double[] expected = new double[VALUES * D];
      for (int row = 0; row < ROWS; row++) {
        int from = several.offsets[row];
        int count = several.offsets[row + 1] - from;
        for (int d = 0; d < D; d++) {
          double mean = 0;
          for (int i = from; i < from + count; i++) {
            mean += (double) before[several.ids[i] * D + d] / count;
            expected[several.ids[i] * D + d] +=
                (double) gradient.get(row * width + 2 * D + d) / count;
          }
          int id = single.ids()[row];
          expected[id * D + d] += gradient.get(row * width + d);
          assertThat(gathered.get(row * width + d)).isEqualTo(before[id * D + d]);
          assertThat((double) gathered.get(row * width + 2 * D + d)).isCloseTo(mean, within(1e-9));
        }
      }
      float[] after = read(shared);
      for (int i = 0; i < after.length; i++) {
        assertThat((double) after[i]).isCloseTo(before[i] - 0.5 * expected[i], within(1e-4));
      }
    }
  }

  /** Values 1 to 19 in one field, 20 to 39 in the other. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void fieldsThatHaveNoValueInCommonTrainAsIfTheySharedNothing(boolean lazy) {
    UpdateRule rule = new UpdateRule.Adam(0.9, 0.999, 1e-8, 1e-3, lazy);
    EmbeddingTable shared = new EmbeddingTable("shared", VALUES, D, 2);
    EmbeddingTable first = new EmbeddingTable("first", VALUES, D, 2);
    EmbeddingTable second = new EmbeddingTable("second", VALUES, D, 2);
    try (Workers workers = new Workers(2)) {
      shared.initialize(5, workers);
      first.write(0, 0, VALUES, read(shared));
      second.write(0, 0, VALUES, read(shared));
      EmbeddingUpdate together =
          new EmbeddingUpdate(new EmbeddingTables(List.of(shared, shared)), workers);
      EmbeddingUpdate apart =
          new EmbeddingUpdate(new EmbeddingTables(List.of(first, second)), workers);
      for (int step = 1; step <= 5; step++) {
        Batch batch = batch(new Ids(random.ints(ROWS, 1, 20).toArray()), lists(20, VALUES));
        FloatBuffer gradient = gradient(2 * D);
        together.run(batch, gradient, rule, step, 0.01);
        apart.run(batch, gradient, rule, step, 0.01);
      }
    }

    assertThat(Arrays.copyOfRange(read(shared), D, 20 * D))
        .containsExactly(Arrays.copyOfRange(read(first), D, 20 * D));
    assertThat(Arrays.copyOfRange(read(shared), 20 * D, VALUES * D))
        .containsExactly(Arrays.copyOfRange(read(second), 20 * D, VALUES * D));
  }

  /** A row that moved twice would have other moments. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aRowOfSeveralFieldsMovesOnceByTheSum(boolean lazy) {
    EmbeddingTable shared = new EmbeddingTable("shared", 2, 1, 2);
    Batch batch = new Batch(1, List.of(new Ids(new int[] {1}), new Ids(new int[] {1})));
    batch.size = 1;
    try (Workers workers = new Workers(1)) {
      EmbeddingUpdate update =
          new EmbeddingUpdate(new EmbeddingTables(List.of(shared, shared)), workers);
      update.run(
          batch,
          FloatBuffer.wrap(new float[] {2, -5}),
          new UpdateRule.Adam(0.9, 0.999, 1e-8, 0, lazy),
          1,
          0.1);
    }

    float[] moments = new float[2];
    shared.read(1, 0, 2, moments);
    assertThat(moments).containsExactly(new float[] {0, -0.3f}, within(1e-6f));
    shared.read(2, 0, 2, moments);
    assertThat(moments[1]).isCloseTo((1 - 0.999f) * 9, within(1e-6f));
    assertThat(read(shared)[1]).isCloseTo(0.1f, within(1e-6f)); // The first step has its own size.
  }

  @Test
  void updatesDoNotDependOnThreads() {
    float[] expected = trained(1);

    assertThat(trained(2)).containsExactly(expected);
    assertThat(trained(5)).containsExactly(expected);
  }

  private static float[] trained(int threads) {
    SharedTablesTest values = new SharedTablesTest();
    EmbeddingTable shared = new EmbeddingTable("shared", VALUES, D, 2);
    try (Workers workers = new Workers(threads)) {
      shared.initialize(5, workers);
      EmbeddingUpdate update =
          new EmbeddingUpdate(new EmbeddingTables(List.of(shared, shared, shared)), workers);
      for (int step = 1; step <= 5; step++) {
        Batch batch =
            batch(
                new Ids(values.random.ints(ROWS, 0, VALUES).toArray()),
                values.lists(0, VALUES),
                values.lists(0, 3));
        update.run(
            batch,
            values.gradient(3 * D),
            new UpdateRule.Adam(0.9, 0.999, 1e-8, 1e-3, true),
            step,
            0.01);
      }
    }
    return read(shared);
  }

  /** Widths 2, 3 and 1, and a weight of each value; lists and the first field share a table. */
  @Test
  void widthsAndFirstOrderWeightsAreAsWorkedByHand() {
    EmbeddingTable two = table("two", 2, 0, 1, 10, 11);
    EmbeddingTable three = table("three", 3, 7, 8, 9);
    EmbeddingTable weights = table("two (linear)", 1, 100, 200);
    EmbeddingTable weight = table("three (linear)", 1, 300);
    EmbeddingTables tables =
        new EmbeddingTables(List.of(two, three, two), List.of(weights, weight, weights), false);
    IdLists lists = new IdLists(1);
    lists.set(0, new int[] {0, 1}, 2);
    Batch batch =
        new Batch(1, List.of(new Ids(new int[] {1}), new Numbers(new float[] {0.5f}), lists));
    batch.size = 1;
    FloatBuffer flat = FloatBuffer.allocate(10);
    try (Workers workers = new Workers(2)) {
      new EmbeddingGather(tables, workers).gather(batch, flat);
      assertThat(tables.vectorWidth()).isEqualTo(7);
      assertThat(List.of(tables.column(0), tables.column(1), tables.column(2)))
          .containsExactly(0, 2, 5);
      assertThat(flat.array()).containsExactly(10, 11, 3.5f, 4, 4.5f, 5, 6, 200, 150, 150);

      float[] gradient = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
      new EmbeddingUpdate(tables, workers)
          .run(batch, FloatBuffer.wrap(gradient), new UpdateRule.Sgd(0), 1, 1);
    }

    assertThat(read(two)).containsExactly(0 - 3f, 1 - 3.5f, 10 - 1 - 3f, 11 - 2 - 3.5f);
    assertThat(read(three)).containsExactly(7 - 1.5f, 8 - 2f, 9 - 2.5f);
    assertThat(read(weights)).containsExactly(100 - 5f, 200 - 8 - 5f);
    assertThat(read(weight)).containsExactly(300 - 4.5f);
  }

  private static EmbeddingTable table(String name, int dimension, float... values) {
    int rows = values.length / dimension;
    EmbeddingTable table = new EmbeddingTable(name, rows, dimension, 0);
    table.write(0, 0, rows, values);
    return table;
  }
}
