package org.llm4msr.runtime.tables;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.llm4msr.runtime.tables.FieldValues.IdLists;
import org.llm4msr.runtime.tables.FieldValues.Ids;
import org.llm4msr.runtime.tables.TableSequence.Form;

/** Batches so large that threads share the ids of one table, against sums in double precision. */
class ManyIdsTest {

  private static final int ROWS = 900;
  private static final int LENGTH = 50;
  private static final int TABLE_ROWS = 400;

  /** Ids from here are touched by none. */
  private static final int TOUCHED = 390;

  private static final int D = 3;
  private static final float L2 = 0.25f;

  private final Random random = new Random(11);
  private final int[] ids = random.ints(ROWS, 0, TOUCHED).toArray();
  private final int[][] past = new int[ROWS][];
  private final float[] values = new float[TABLE_ROWS * D];

  ManyIdsTest() {
    for (int row = 0; row < ROWS; row++) {
      past[row] = random.ints(row == 5 ? 0 : random.nextInt(LENGTH + 1), 0, TOUCHED).toArray();
    }
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
  }

  private float[] updated(List<Form> forms, float[] gradient, float[] ofVectors, int threads) {
    EmbeddingTable table = new EmbeddingTable("item", TABLE_ROWS, D, 0);
    table.write(0, 0, TABLE_ROWS, values);
    List<TableSequence> sequences = new ArrayList<>();
    List<FieldValues> fields = new ArrayList<>(List.of(new Ids(ids)));
    for (Form form : forms) {
      sequences.add(new TableSequence(table, LENGTH, form));
      IdLists lists = new IdLists(ROWS);
      for (int row = 0; row < ROWS; row++) {
        lists.set(row, past[row], past[row].length);
      }
      System.arraycopy(
          ofVectors, 0, lists.pooled.expectGradients(ofVectors.length), 0, ofVectors.length);
      fields.add(lists);
    }
    EmbeddingTables tables = new EmbeddingTables(List.of(table), List.of(), sequences, false, 0);
    try (Workers workers = new Workers(threads)) {
      new EmbeddingGather(tables, workers)
          .gather(ROWS, fields, FloatBuffer.allocate(ROWS * tables.width()));
      new EmbeddingUpdate(tables, workers)
          .run(ROWS, fields, FloatBuffer.wrap(gradient), new UpdateRule.Sgd(L2), 1, 1);
    }
    float[] result = new float[values.length];
    table.read(0, 0, TABLE_ROWS, result);
    return result;
  }

  /** Adds what a row's vectors get, by definition. */
  private void add(Form form, int row, float[] of, int at, float[] ofVectors, double[] sums) {
    int[] list = past[row];
    int first = Arrays.stream(past, 0, row).mapToInt(one -> one.length).sum();
    for (int d = 0; d < D; d++) {
      int largest = 0;
      for (int i = 1; i < list.length; i++) {
        if (values[list[i] * D + d] > values[list[largest] * D + d]) {
          largest = i;
        }
      }
      for (int i = 0; i < list.length; i++) {
        sums[list[i] * D + d] +=
            switch (form) {
              case MEAN -> of[at + d] / list.length;
              case SUM -> of[at + d];
              case LARGEST -> i == largest ? of[at + d] : 0;
              case WEIGHED -> ofVectors[(first + i) * D + d];
              case EACH, EACH_AND_LARGEST -> of[at + i * D + d];
            };
      }
    }
  }

  private static float[] drawn(Random random, int count) {
    float[] numbers = new float[count];
    for (int i = 0; i < count; i++) {
      numbers[i] = (float) random.nextGaussian();
    }
    return numbers;
  }

  private void assertFollowsTheDefinition(List<Form> forms) {
    EmbeddingTable table = new EmbeddingTable("item", TABLE_ROWS, D, 0);
    int width = D;
    for (Form form : forms) {
      width += new TableSequence(table, LENGTH, form).columns();
    }
    float[] gradient = drawn(random, ROWS * width);
    int vectors = Arrays.stream(past).mapToInt(list -> list.length).sum();
    float[] ofVectors = drawn(random, vectors * D);

    float[] result = updated(forms, gradient, ofVectors, 3);

    double[] sums = new double[values.length];
    for (int row = 0; row < ROWS; row++) {
      for (int d = 0; d < D; d++) {
        sums[ids[row] * D + d] += gradient[row * width + d];
      }
      int at = row * width + D;
      for (Form form : forms) {
        add(form, row, gradient, at, ofVectors, sums);
        at += new TableSequence(table, LENGTH, form).columns();
      }
    }
    for (int i = 0; i < values.length; i++) {
      double expected = values[i] - sums[i] - (i < TOUCHED * D ? L2 * values[i] : 0);
      assertThat((double) result[i]).isCloseTo(expected, within(1e-3));
    }
    assertThat(updated(forms, gradient, ofVectors, 1)).containsExactly(result);
  }

  @ParameterizedTest
  @EnumSource(Form.class)
  void followsTheDefinition(Form form) {
    assertFollowsTheDefinition(List.of(form));
  }

  @Test
  void followsItWhereSeveralListsReadOneTable() {
    assertFollowsTheDefinition(List.of(Form.LARGEST, Form.MEAN, Form.WEIGHED, Form.WEIGHED));
  }
}
