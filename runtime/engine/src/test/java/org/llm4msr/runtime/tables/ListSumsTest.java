package org.llm4msr.runtime.tables;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.llm4msr.runtime.batch.FieldValues;
import org.llm4msr.runtime.batch.FieldValues.Ids;
import org.llm4msr.runtime.engine.AlignedMemory;
import org.llm4msr.runtime.model.TestEngine;
import org.llm4msr.runtime.tables.TableSequence.Form;

/** The sums that MKL makes against loops in double precision. */
@Tag("engine")
class ListSumsTest {

  /** Ids for three blocks of an update; some occur nowhere, some often. */
  private static final int IDS = 700;

  private static final int ROWS = 900;
  private static final int LENGTH = 6;

  private final Random random = new Random(11);

  @BeforeEach
  void onlyWhereThereIsMkl() {
    assumeThat(TestEngine.hasMkl()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 16})
  void areThoseOfAllThatReadTheTable(int d) {
    int width = 5 * d;
    Ids item = new Ids(random.ints(ROWS, 0, IDS / 2).toArray());
    SequenceLists weighted = lists(true);
    SequenceLists past = lists(false);
    FloatBuffer flat = drawn(AlignedMemory.floats(ROWS * width).asFloatBuffer());
    FloatBuffer ofVectors = drawn(past.pooled.expectGradients(past.offsets[ROWS] * d));
    List<FieldValues> values = List.of(item, weighted, past, past, past);

    float[] moved = moved(values, flat, d, 2);

    double[] expected = new double[IDS * d];
    for (int row = 0; row < ROWS; row++) {
      add(expected, d, item.ids()[row], 1, flat, row * width);
      for (int i = weighted.offsets[row]; i < weighted.offsets[row + 1]; i++) {
        double share = weighted.weights[i] / sum(weighted, row);
        add(expected, d, weighted.ids[i], share, flat, row * width + d);
      }
      int from = past.offsets[row];
      int to = past.offsets[row + 1];
      for (int i = from; i < to; i++) {
        add(expected, d, past.ids[i], 1.0 / (to - from), flat, row * width + 2 * d);
        add(expected, d, past.ids[i], 1, flat, row * width + 3 * d);
        add(expected, d, past.ids[i], 1, ofVectors, i * d);
      }
    }
    double largest = 0;
    for (int i = 0; i < moved.length; i++) {
      largest = Math.max(largest, Math.abs(moved[i] - expected[i]));
    }
    assertThat(largest).isLessThan(1e-4);
    assertThat(moved(values, flat, d, 1)).isEqualTo(moved);
    assertThat(moved(values, flat, d, 5)).isEqualTo(moved);
  }

  /** A batch whose lists are all empty, after one whose lists were not. */
  @Test
  void forgetWhatWasBefore() {
    int d = 2;
    int width = 5 * d;
    SequenceLists past = new SequenceLists(1);
    past.set(0, new int[] {5, 6, 5}, 3);
    SequenceLists none = new SequenceLists(1);
    none.set(0, new int[0], 0);
    assertThat(none.pooled.expectGradients(0).isDirect()).isTrue();
    drawn(past.pooled.expectGradients(3 * d));
    FloatBuffer flat = AlignedMemory.floats(width).asFloatBuffer();
    for (int i = 0; i < width; i++) {
      flat.put(i, 1);
    }
    EmbeddingTable table = new EmbeddingTable("item", IDS, d, 0);
    Ids item = new Ids(new int[] {9});
    try (Workers workers = new Workers(2)) {
      EmbeddingUpdate update = new EmbeddingUpdate(tables(table), workers);
      UpdateRule rule = new UpdateRule.Sgd(0);
      update.prepare(1, List.of(item, none, past, none, past), rule); // It does not follow.
      update.prepare(1, List.of(item, past, past, past, past), rule);
      update.run(1, List.of(item, past, past, past, past), flat, rule, 1, 1);
      table.write(0, 0, IDS, new float[IDS * d]);
      update.prepare(1, List.of(item, none, none, none, none), rule);
      update.run(1, List.of(item, none, none, none, none), flat, rule, 2, 1);
    }

    float[] expected = new float[IDS * d];
    Arrays.fill(expected, 9 * d, 10 * d, -1);
    assertThat(read(table, d)).isEqualTo(expected);
  }

  private SequenceLists lists(boolean weighted) {
    SequenceLists lists = new SequenceLists(ROWS);
    for (int row = 0; row < ROWS; row++) {
      int count = random.nextInt(LENGTH + 1);
      int[] ids = random.ints(count, 0, row % 2 == 0 ? 3 : IDS).toArray();
      float[] weights = new float[count];
      for (int i = 0; i < count; i++) {
        weights[i] = 1 + random.nextFloat();
      }
      lists.set(row, ids, weighted ? weights : null, count);
    }
    return lists;
  }

  private FloatBuffer drawn(FloatBuffer numbers) {
    for (int i = 0; i < numbers.limit(); i++) {
      numbers.put(i, (float) random.nextGaussian());
    }
    return numbers;
  }

  private static EmbeddingTables tables(EmbeddingTable table) {
    List<TableSequence> sequences =
        List.of(
            new TableSequence(table, LENGTH, Form.MEAN),
            new TableSequence(table, LENGTH, Form.SUM),
            new TableSequence(table, LENGTH, Form.WEIGHED));
    return new EmbeddingTables(List.of(table, table), List.of(), sequences, true, 0);
  }

  /** Returns by how much a step of length 1 lowers a table of zeros. */
  private static float[] moved(List<FieldValues> values, FloatBuffer flat, int d, int threads) {
    EmbeddingTable table = new EmbeddingTable("item", IDS, d, 0);
    try (Workers workers = new Workers(threads)) {
      new EmbeddingUpdate(tables(table), workers)
          .run(ROWS, values, flat, new UpdateRule.Sgd(0), 1, 1);
    }
    float[] moved = read(table, d);
    for (int i = 0; i < moved.length; i++) {
      moved[i] = -moved[i];
    }
    return moved;
  }

  private static float[] read(EmbeddingTable table, int d) {
    float[] values = new float[IDS * d];
    table.read(0, 0, IDS, values);
    return values;
  }

  private static double sum(SequenceLists lists, int row) {
    double sum = 0;
    for (int i = lists.offsets[row]; i < lists.offsets[row + 1]; i++) {
      sum += lists.weights[i];
    }
    return sum;
  }

  private static void add(
      double[] sums, int d, int id, double weight, FloatBuffer numbers, int at) {
    for (int k = 0; k < d; k++) {
      sums[id * d + k] += weight * numbers.get(at + k);
    }
  }
}
