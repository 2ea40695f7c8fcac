package org.llm4msr.runtime.tables;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.llm4msr.runtime.batch.FieldValues;
import org.llm4msr.runtime.batch.FieldValues.IdLists;
import org.llm4msr.runtime.batch.FieldValues.Ids;
import org.llm4msr.runtime.batch.FieldValues.Numbers;
import org.llm4msr.runtime.batch.FieldValues.Vectors;
import org.llm4msr.runtime.model.TestEngine;
import org.llm4msr.runtime.tables.UpdateRule.Adagrad;
import org.llm4msr.runtime.tables.UpdateRule.Adam;
import org.llm4msr.runtime.tables.UpdateRule.Sgd;

/** Compares with loops in float64 over the formulas of PyTorch's documentation. */
class EmbeddingUpdateTest {

  private static final int D = 3;
  private static final int IDS = 600; // More than two blocks of rows.
  private static final int ROWS = 900;
  private static final int SIZE = 5;
  private static final double RATE = 0.1;

  private final Workers workers = new Workers(2);

  @AfterEach
  void close() {
    workers.close();
  }

  static Stream<Arguments> rules() {
    return Stream.of(
            new Sgd(0),
            new Sgd(0.01),
            new Adagrad(1e-3, 0.01),
            new Adam(0.9, 0.99, 1e-3, 0.01, true),
            new Adam(0.9, 0.99, 1e-3, 0.01, false))
        .flatMap(rule -> Stream.of(Arguments.of(rule, false), Arguments.of(rule, true)));
  }

  /** Two fields of ids and one of lists share a table; numbers and vectors have their own. */
  @ParameterizedTest
  @MethodSource("rules")
  void followsTheFormulaOfItsRule(UpdateRule rule, boolean mkl) {
    assumeTrue(!mkl || TestEngine.hasMkl());
    Random random = new Random(3);
    EmbeddingTable shared = drawn("shared", IDS, D, rule, random);
    EmbeddingTable number = drawn("number", 1, D, rule, random);
    EmbeddingTable vector = drawn("vector", SIZE, D, rule, random);
    EmbeddingTable linear = drawn("linear", IDS, 1, rule, random);
    EmbeddingTable other = drawn("other", 1, 1, rule, random);
    EmbeddingTable last = drawn("last", SIZE, 1, rule, random);
    EmbeddingTables tables =
        new EmbeddingTables(
            List.of(shared, shared, shared, number, vector),
            List.of(linear, linear, linear, other, last),
            mkl);
    EmbeddingUpdate update = new EmbeddingUpdate(tables, workers);
    List<Expected> expected =
        Stream.of(shared, number, vector, linear, other, last).map(Expected::new).toList();
    int width = 5 * D + 5;

    for (int step = 1; step <= 3; step++) {
      List<FieldValues> fields =
          List.of(
              new Ids(random.ints(ROWS, 1, IDS).toArray()), // Nothing touches row 0.
              new Ids(random.ints(ROWS, 1, 9).toArray()),
              lists(random),
              new Numbers(numbers(random, ROWS)),
              new Vectors(SIZE, numbers(random, ROWS * SIZE)));
      FloatBuffer gradient = direct(numbers(random, ROWS * width));
      update.run(ROWS, fields, gradient, rule, step, RATE);
      for (int field = 0; field < 5; field++) {
        int table = Math.max(0, field - 2);
        expected.get(table).add(fields.get(field), gradient, field * D, width);
        expected.get(3 + table).add(fields.get(field), gradient, 5 * D + field, width);
      }
      for (Expected each : expected) {
        each.step(rule, step);
      }
    }

    for (Expected each : expected) {
      float[] values = new float[each.w.length];
      each.table.read(0, 0, each.table.rows(), values);
      for (int i = 0; i < values.length; i++) {
        double bound = 1e-4 * Math.max(1, Math.abs(each.w[i]));
        assertThat((double) values[i]).as(each.table.name()).isCloseTo(each.w[i], within(bound));
      }
    }
  }

  /** Adagrad by gradients of 3 and 4 of one row: 1 - 7 / root(49) is 0; one by one it is not. */
  @Test
  void aRowOfSeveralFieldsMovesOnceByTheSumOfItsGradients() {
    EmbeddingTable table = table(2, 1, 1);
    EmbeddingUpdate update =
        new EmbeddingUpdate(new EmbeddingTables(List.of(table, table)), workers);

    update.run(
        1,
        List.of(new Ids(new int[] {1}), new Ids(new int[] {1})),
        direct(3, 4),
        new Adagrad(0, 0),
        1,
        1);

    assertThat(read(table, 0)).containsExactly(1, 0);
    assertThat(read(table, 1)).as("sums of squares").containsExactly(0, 49);
  }

  /** With beta1 = 0.5, a second step without a gradient moves by half of the first moment. */
  @Test
  void aLazyRuleLeavesRowsWithoutAGradientAlone() {
    for (boolean lazy : new boolean[] {true, false}) {
      EmbeddingTable table = table(3, 1, 2);
      EmbeddingUpdate update = new EmbeddingUpdate(new EmbeddingTables(List.of(table)), workers);
      UpdateRule rule = new Adam(0.5, 0, 1, 0, lazy);
      update.run(1, List.of(new Ids(new int[] {0})), direct(2), rule, 1, 1);
      assertThat(read(table, 1)).as("first moments").containsExactly(1, 0, 0);
      float[] before = read(table, 0);

      update.run(1, List.of(new Ids(new int[] {2})), direct(4), rule, 2, 1);

      assertThat(read(table, 1)).containsExactly(lazy ? 1 : 0.5f, 0, 2);
      assertThat(read(table, 2)).as("second moments").containsExactly(lazy ? 4 : 0, 0, 16);
      assertThat(read(table, 0)[0] == before[0]).isEqualTo(lazy);
      assertThat(read(table, 0)[1]).isEqualTo(1);
    }
  }

  /** Only rows that the batch has move, those of a shorter batch too. */
  @Test
  void readsAsManyRowsAsTheBatchHas() {
    EmbeddingTable table = table(3, 1, 0);
    EmbeddingUpdate update = new EmbeddingUpdate(new EmbeddingTables(List.of(table)), workers);
    List<Ids> fields = List.of(new Ids(new int[] {0, 1, 2}));

    update.run(3, fields, direct(1, 1, 1), new Sgd(0), 1, 1);
    update.run(1, fields, direct(5, 7, 9), new Sgd(0), 2, 1);

    assertThat(read(table, 0)).containsExactly(-5, 0, 0);
  }

  @Test
  void whatWasPreparedIsRunAlsoWithGradientsOnTheHeap() {
    for (boolean heap : new boolean[] {true, false}) {
      EmbeddingTable table = table(3, 1, 0);
      EmbeddingTables tables = new EmbeddingTables(List.of(table), List.of(), TestEngine.hasMkl());
      EmbeddingUpdate update = new EmbeddingUpdate(tables, workers);
      IdLists lists = new IdLists(3);
      lists.set(0, new int[] {2, 0}, 2);
      lists.set(1, new int[] {1}, 1);
      lists.set(2, new int[] {2}, 1);
      List<IdLists> fields = List.of(lists);
      float[] gradient = {2, 4, 6};

      update.prepare(1, List.of(new Ids(new int[] {1})), new Sgd(0)); // Not run.
      update.prepare(3, fields, new Sgd(0));
      update.run(3, fields, heap ? FloatBuffer.wrap(gradient) : direct(gradient), new Sgd(0), 1, 1);

      assertThat(read(table, 0)).containsExactly(1 - 1, 1 - 4, 1 - 1 - 6);
    }
  }

  @Test
  void anIdBeyondTheTableIsRefusedAndTheNextBatchIsNot() {
    EmbeddingTable table = table(2, 1, 0);
    EmbeddingUpdate update = new EmbeddingUpdate(new EmbeddingTables(List.of(table)), workers);
    List<Ids> beyond = List.of(new Ids(new int[] {1 << 20}));

    assertThatThrownBy(() -> update.run(1, beyond, direct(1), new Sgd(0), 1, 1))
        .isInstanceOf(ArrayIndexOutOfBoundsException.class);
    update.run(1, List.of(new Ids(new int[] {1})), direct(1), new Sgd(0), 2, 1);

    assertThat(read(table, 0)).containsExactly(1, 0);
  }

  /** Lists of none to three ids, every second batch of them with weights. */
  private static IdLists lists(Random random) {
    IdLists lists = new IdLists(ROWS);
    boolean weighted = random.nextBoolean();
    for (int row = 0; row < ROWS; row++) {
      int length = random.nextInt(4);
      float[] weights = new float[length];
      for (int i = 0; i < length; i++) {
        weights[i] = 0.5f + random.nextFloat();
      }
      lists.set(row, random.ints(length, 1, IDS).toArray(), weighted ? weights : null, length);
    }
    return lists;
  }

  private static EmbeddingTable drawn(
      String name, int rows, int dimension, UpdateRule rule, Random random) {
    EmbeddingTable table = new EmbeddingTable(name, rows, dimension, rule.stateSlots());
    table.write(0, 0, rows, numbers(random, rows * dimension));
    return table;
  }

  /** A table of ones. */
  private static EmbeddingTable table(int rows, int dimension, int slots) {
    EmbeddingTable table = new EmbeddingTable("table", rows, dimension, slots);
    float[] ones = new float[rows * dimension];
    Arrays.fill(ones, 1);
    table.write(0, 0, rows, ones);
    return table;
  }

  private static float[] read(EmbeddingTable table, int slot) {
    float[] values = new float[table.rows() * table.dimension()];
    table.read(slot, 0, table.rows(), values);
    return values;
  }

  private static float[] numbers(Random random, int count) {
    float[] numbers = new float[count];
    for (int i = 0; i < count; i++) {
      numbers[i] = (float) random.nextGaussian();
    }
    return numbers;
  }

  private static FloatBuffer direct(float... values) {
    FloatBuffer buffer =
        ByteBuffer.allocateDirect(values.length * Float.BYTES)
            .order(ByteOrder.nativeOrder())
            .asFloatBuffer();
    return buffer.put(0, values);
  }

  /** A table in float64. */
  private static final class Expected {
    private final EmbeddingTable table;
    private final double[] w;
    private final double[] a;
    private final double[] b;
    private final double[] g;
    private final boolean[] touched;

    Expected(EmbeddingTable table) {
      this.table = table;
      float[] values = read(table, 0);
      w = new double[values.length];
      Arrays.setAll(w, i -> values[i]);
      a = new double[w.length];
      b = new double[w.length];
      g = new double[w.length];
      touched = new boolean[table.rows()];
    }

    /** Adds the gradient of what a field read. */
    void add(FieldValues field, FloatBuffer gradient, int column, int width) {
      for (int row = 0; row < ROWS; row++) {
        List<double[]> parts = new ArrayList<>(); // Ids and how much of each.
        if (field instanceof Ids ids) {
          parts.add(new double[] {ids.ids()[row], 1});
        } else if (field instanceof IdLists lists) {
          double sum = 0;
          for (int i = lists.offsets[row]; i < lists.offsets[row + 1]; i++) {
            double weight = lists.weights == null ? 1 : lists.weights[i];
            parts.add(new double[] {lists.ids[i], weight});
            sum += weight;
          }
          for (double[] part : parts) {
            part[1] /= sum;
          }
        } else if (field instanceof Numbers numbers) {
          parts.add(new double[] {0, numbers.values()[row]});
        } else if (field instanceof Vectors vectors) {
          for (int k = 0; k < SIZE; k++) {
            parts.add(new double[] {k, vectors.values()[row * SIZE + k]});
          }
        }
        int dimension = table.dimension();
        for (double[] part : parts) {
          touched[(int) part[0]] = true;
          for (int d = 0; d < dimension; d++) {
            g[(int) part[0] * dimension + d] += part[1] * gradient.get(row * width + column + d);
          }
        }
      }
    }

    void step(UpdateRule rule, int step) {
      boolean all = rule instanceof Adam adam && !adam.lazy();
      for (int i = 0; i < w.length; i++) {
        if (all || touched[i / table.dimension()]) {
          move(rule, step, i);
        }
      }
      Arrays.fill(g, 0);
      Arrays.fill(touched, false);
    }

    private void move(UpdateRule rule, int step, int i) {
      if (rule instanceof Sgd sgd) {
        w[i] -= RATE * (g[i] + sgd.l2() * w[i]);
      } else if (rule instanceof Adagrad adagrad) {
        double gradient = g[i] + adagrad.l2() * w[i];
        a[i] += gradient * gradient;
        w[i] -= RATE * gradient / (Math.sqrt(a[i]) + adagrad.epsilon());
      } else if (rule instanceof Adam adam) {
        double gradient = g[i] + adam.l2() * w[i];
        a[i] = adam.beta1() * a[i] + (1 - adam.beta1()) * gradient;
        b[i] = adam.beta2() * b[i] + (1 - adam.beta2()) * gradient * gradient;
        double mean = a[i] / (1 - Math.pow(adam.beta1(), step));
        double root = Math.sqrt(1 - Math.pow(adam.beta2(), step));
        w[i] -=
            adam.lazy() // SparseAdam adds epsilon before it corrects the bias.
                ? RATE * mean * root / (Math.sqrt(b[i]) + adam.epsilon())
                : RATE * mean / (Math.sqrt(b[i]) / root + adam.epsilon());
      }
    }
  }
}
