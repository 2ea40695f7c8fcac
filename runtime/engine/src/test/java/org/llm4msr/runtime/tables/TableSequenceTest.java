package org.llm4msr.runtime.tables;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.FloatBuffer;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.llm4msr.runtime.batch.FieldValues;
import org.llm4msr.runtime.batch.FieldValues.Ids;
import org.llm4msr.runtime.tables.TableSequence.Form;

class TableSequenceTest {

  private static final int L = 3;

  private static EmbeddingTable table(float... values) {
    EmbeddingTable table = new EmbeddingTable("item", values.length / 2, 2, 0);
    table.write(0, 0, table.rows(), values);
    return table;
  }

  private static float[] read(EmbeddingTable table) {
    float[] values = new float[table.rows() * table.dimension()];
    table.read(0, 0, table.rows(), values);
    return values;
  }

  /** Two rows of the items 1 and 2, the first with the past 2, 1; the second without one. */
  private static List<FieldValues> values() {
    SequenceLists past = new SequenceLists(2);
    past.set(0, new int[] {2, 1}, 2);
    past.set(1, new int[0], 0);
    past.pooled.expectGradients(4).put(0, new float[] {100, 200, 300, 400});
    return List.of(new Ids(new int[] {1, 2}), past, past, past, past, past, past);
  }

  private static EmbeddingTables tables(EmbeddingTable table) {
    List<TableSequence> sequences =
        List.of(
            new TableSequence(table, L, Form.MEAN),
            new TableSequence(table, L, Form.SUM),
            new TableSequence(table, L, Form.EACH),
            new TableSequence(table, L, Form.EACH_AND_LARGEST),
            new TableSequence(table, L, Form.LARGEST),
            new TableSequence(table, L, Form.WEIGHED));
    return new EmbeddingTables(
        List.of(table), List.of(new EmbeddingTable("item (linear)", 3, 1, 0)), sequences, false, 0);
  }

  @Test
  void gathersWhatIsWorkedByHand() {
    EmbeddingTables tables = tables(table(9, 9, 1, 20, 4, 10));
    assertThat(tables.width()).isEqualTo(2 + 1 + 2 + 2 + (6 + 3) + (6 + 3 + 6) + 2 + 2);
    assertThat(tables.sequenceColumn(3)).isEqualTo(2 + 1 + 2 + 2 + (6 + 3));
    assertThat(tables.vectorWidth()).isEqualTo(2);
    assertThat(tables.sequencesEnd()).isEqualTo(tables.width());
    FloatBuffer flat = FloatBuffer.allocate(2 * tables.width());
    for (int i = 0; i < flat.limit(); i++) {
      flat.put(i, Float.NaN);
    }
    try (Workers workers = new Workers(2)) {
      new EmbeddingGather(tables, workers).gather(2, values(), flat);
    }

    assertThat(flat.array())
        .containsExactly(
            1, 20, 0, 2.5f, 15, 5, 30, 4, 10, 1, 20, 0, 0, 1, 1, 0, 4, 10, 1, 20, 0, 0, 1, 1, 0, 1,
            0, 0, 1, 0, 0, 4, 20, 0, 0, //
            4, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
            0, 0, 0, 0, 0, 0);
  }

  /** Columns of masks and marks, and those behind the end, move nothing. */
  @Test
  void movesTheRowsOfTheTableByAllThatReadThem() {
    EmbeddingTable table = table(9, 9, 1, 20, 4, 10);
    EmbeddingTables tables = tables(table);
    FloatBuffer gradient = FloatBuffer.allocate(2 * tables.width());
    for (int i = 0; i < gradient.limit(); i++) {
      gradient.put(i, i + 1);
    }
    List<FieldValues> values = values();
    try (Workers workers = new Workers(2)) {
      FloatBuffer flat = FloatBuffer.allocate(2 * tables.width());
      new EmbeddingGather(tables, workers).gather(2, values, flat);
      new EmbeddingUpdate(tables, workers).run(2, values, gradient, new UpdateRule.Sgd(0), 1, 1);
    }

    // Of the first row: item 1 | mean 4, 5 | sum 6, 7 | each 8 to 13 | each 17 to 22 | largest 32,
    // of item 2, and 33, of item 1. Those of weighed vectors are their own; the second row's item
    // is 2.
    float[] one = {1 + 4 / 2f + 6 + 10 + 19 + 300, 2 + 5 / 2f + 7 + 11 + 20 + 33 + 400};
    float[] two = {4 / 2f + 6 + 8 + 17 + 32 + 36 + 100, 5 / 2f + 7 + 9 + 18 + 37 + 200};
    assertThat(read(table))
        .containsExactly(
            new float[] {9, 9, 1 - one[0], 20 - one[1], 4 - two[0], 10 - two[1]}, within(1e-5f));
  }

  @Test
  void updatesDoNotDependOnThreads() {
    float[] expected = trained(1);

    assertThat(trained(2)).containsExactly(expected);
    assertThat(trained(5)).containsExactly(expected);
  }

  private static float[] trained(int threads) {
    Random random = new Random(4);
    int rows = 300;
    EmbeddingTable table = new EmbeddingTable("item", 40, 2, 2);
    try (Workers workers = new Workers(threads)) {
      table.initialize(5, workers);
      EmbeddingTables tables = tables(table);
      EmbeddingUpdate update = new EmbeddingUpdate(tables, workers);
      for (int step = 1; step <= 4; step++) {
        SequenceLists past = new SequenceLists(rows);
        for (int row = 0; row < rows; row++) {
          int[] ids = random.ints(random.nextInt(L + 1), 0, 40).toArray();
          past.set(row, ids, ids.length);
        }
        FloatBuffer gradient = FloatBuffer.allocate(rows * tables.width());
        for (int i = 0; i < gradient.limit(); i++) {
          gradient.put(i, (float) random.nextGaussian());
        }
        FieldValues ids = new Ids(random.ints(rows, 0, 3).toArray());
        List<FieldValues> values = List.of(ids, past, past, past, past, past, past);
        FloatBuffer ofVectors = past.pooled.expectGradients(2 * past.offsets[rows]);
        for (int i = 0; i < ofVectors.limit(); i++) {
          ofVectors.put(i, (float) random.nextGaussian());
        }
        new EmbeddingGather(tables, workers)
            .gather(rows, values, FloatBuffer.allocate(rows * tables.width()));
        update.run(
            rows, values, gradient, new UpdateRule.Adam(0.9, 0.999, 1e-8, 1e-3, true), step, 0.01);
      }
    }
    return read(table);
  }
}
