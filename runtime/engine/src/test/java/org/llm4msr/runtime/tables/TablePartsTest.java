package org.llm4msr.runtime.tables;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.batch.Exchange;
import org.llm4msr.runtime.batch.FieldValues;
import org.llm4msr.runtime.batch.FieldValues.Ids;
import org.llm4msr.runtime.batch.FieldValues.Numbers;
import org.llm4msr.runtime.peers.TestRings;
import org.llm4msr.runtime.tables.TableSequence.Form;

/** Tables of which each worker has a part, beside tables of which each has a copy. */
class TablePartsTest {

  private static final int ITEMS = 101;
  private static final int TAGS = 7;
  private static final int D = 3;
  private static final int ROWS = 40;
  private static final int STEPS = 6;

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 7, 64})
  void givesEachRowToOneWorkerAndAllAsMany(int workers) {
    int rows = 64 * 7 * 3 * 5;
    int[] counts = new int[workers];
    int sameAsRank = 0;
    for (int row = 0; row < rows; row++) {
      int owner = new Partition(0, workers).owner(row);
      Partition own = new Partition(owner, workers);
      assertThat(own.row(own.local(row))).isEqualTo(row);
      counts[owner]++;
      sameAsRank += owner == row % workers ? 1 : 0;
    }
    assertThat(counts).containsOnly(rows / workers);
    if (workers > 1) {
      assertThat(sameAsRank / (double) rows).as("rows are mixed").isLessThan(0.6);
    }
  }

  /** Batches that differ from worker to worker, shared tables, sequences, first-order weights. */
  @ParameterizedTest
  @CsvSource({"2, true", "3, true", "4, false"})
  void movesRowsAsTablesDoThatAllHave(int workers, boolean lazy) {
    UpdateRule rule = new UpdateRule.Adam(0.9, 0.999, 1e-8, 0.01, lazy);

    List<List<float[]>> copied = TestRings.run(workers, ring -> train(ring, Partition.WHOLE, rule));
    List<List<float[]>> parted =
        TestRings.runInAllRings(
            workers, ring -> train(ring, new Partition(ring.rank(), ring.workers()), rule));

    for (int rank = 0; rank < workers; rank++) {
      assertThat(parted.get(rank)).hasSize(STEPS + (rank == 0 ? 9 : 0));
      for (int i = 0; i < parted.get(rank).size(); i++) {
        assertThat(parted.get(rank).get(i))
            .as("array %d of worker %d", i, rank)
            .isEqualTo(copied.get(rank).get(i));
      }
    }
  }

  /** Returns what was gathered step by step, then, of the first worker, all of the tables. */
  private static List<float[]> train(Exchange ring, Partition partition, UpdateRule rule) {
    List<float[]> seen = new ArrayList<>();
    try (Workers workers = new Workers(1)) {
      EmbeddingTables tables = tables(partition, rule.stateSlots());
      tables.tables().forEach(table -> table.initialize(3, 0.1, workers));
      tables.linear().forEach(table -> table.initialize(4, 0.1, workers));
      EmbeddingGather gather = new EmbeddingGather(tables, workers);
      EmbeddingUpdate update = new EmbeddingUpdate(tables, workers);
      update.shareWith(ring);
      for (int step = 0; step < STEPS; step++) {
        Random random = new Random(100L * step + ring.rank());
        List<FieldValues> fields = tables.fetch(ROWS, values(random));
        FloatBuffer flat = FloatBuffer.allocate(ROWS * tables.width());
        gather.gather(ROWS, fields, flat);
        seen.add(flat.array().clone());
        float[] gradient = new float[ROWS * tables.width()];
        for (int i = 0; i < gradient.length; i++) {
          gradient[i] = (float) random.nextGaussian();
        }
        update.run(ROWS, fields, FloatBuffer.wrap(gradient), rule, step + 1, 0.05);
      }
      TableParts parts = tables.parts();
      if (ring.rank() == 0) {
        List<EmbeddingTable> all =
            List.of(tables.tables().get(0), tables.tables().get(1), tables.linear().get(0));
        for (EmbeddingTable table : all) {
          for (int slot = 0; slot <= rule.stateSlots(); slot++) {
            float[] values = new float[table.rows() * table.dimension()];
            table.read(slot, 0, table.rows(), values);
            seen.add(values);
          }
        }
        if (parts != null) {
          parts.done();
        }
      } else if (parts != null) {
        parts.serve();
      }
    }
    return seen;
  }

  private static EmbeddingTables tables(Partition partition, int slots) {
    EmbeddingTable items = new EmbeddingTable("item", ITEMS, D, slots, partition);
    EmbeddingTable tags = new EmbeddingTable("tag", TAGS, D, slots, partition);
    EmbeddingTable number = new EmbeddingTable("price", 1, D, slots);
    EmbeddingTable ofItems = new EmbeddingTable("item (linear)", ITEMS, 1, slots, partition);
    EmbeddingTable ofTags = new EmbeddingTable("tag (linear)", TAGS, 1, slots, partition);
    EmbeddingTable ofNumber = new EmbeddingTable("price (linear)", 1, 1, slots);
    return new EmbeddingTables(
        List.of(items, tags, items, number),
        List.of(ofItems, ofTags, ofItems, ofNumber),
        List.of(new TableSequence(items, 5, Form.LARGEST), new TableSequence(items, 5, Form.EACH)),
        false,
        0);
  }

  private static List<FieldValues> values(Random random) {
    return List.of(
        ids(random), lists(random, TAGS), ids(random), numbers(random), past(random), past(random));
  }

  private static Ids ids(Random random) {
    return new Ids(random.ints(ROWS, 0, ITEMS).toArray());
  }

  private static SequenceLists past(Random random) {
    return lists(random, ITEMS);
  }

  private static SequenceLists lists(Random random, int most) {
    SequenceLists lists = new SequenceLists(ROWS);
    for (int row = 0; row < ROWS; row++) {
      int length = random.nextInt(6);
      float[] weights = most == TAGS && random.nextBoolean() ? weights(random, length) : null;
      lists.set(row, random.ints(length, 0, most).toArray(), weights, length);
    }
    return lists;
  }

  private static float[] weights(Random random, int count) {
    float[] weights = new float[count];
    for (int i = 0; i < count; i++) {
      weights[i] = 0.5f + random.nextFloat();
    }
    return weights;
  }

  private static Numbers numbers(Random random) {
    float[] values = new float[ROWS];
    for (int row = 0; row < ROWS; row++) {
      values[row] = (float) random.nextGaussian();
    }
    return new Numbers(values);
  }

  /** Numbers of rows 4 bytes each, vectors and gradients 4 D, of the rows that others have. */
  @ParameterizedTest
  @ValueSource(ints = {2, 4})
  void sendsWhatTheFormulaSays(int workers) {
    int rows = 20_000;
    int dimension = 16;
    int batch = 512;
    long[] touched = new long[workers];

    List<Long> sent =
        TestRings.runInAllRings(
            workers,
            ring -> {
              Partition partition = new Partition(ring.rank(), workers);
              EmbeddingTables tables =
                  new EmbeddingTables(
                      List.of(new EmbeddingTable("item", rows, dimension, 0, partition)));
              try (Workers threads = new Workers(1)) {
                EmbeddingUpdate update = new EmbeddingUpdate(tables, threads);
                update.shareWith(ring);
                Random random = new Random(ring.rank());
                for (int step = 0; step < 5; step++) {
                  int[] ids = random.ints(batch, 0, rows).toArray();
                  touched[ring.rank()] += Arrays.stream(ids).distinct().count();
                  List<FieldValues> fields = tables.fetch(batch, List.of(new Ids(ids)));
                  FloatBuffer gradient = FloatBuffer.allocate(batch * dimension);
                  update.run(batch, fields, gradient, new UpdateRule.Sgd(0), step + 1, 0.1);
                }
              }
              return ring.sent();
            });

    double all = sent.stream().mapToLong(Long::longValue).sum();
    double formula = (workers - 1.0) / workers * Arrays.stream(touched).sum() * (4 + 8 * dimension);
    assertThat(all / formula).isBetween(0.95, 1.05);
  }

  @Test
  void takesItsRowsOfWhatIsWritten() {
    float[] written = new float[10 * 2];
    for (int i = 0; i < written.length; i++) {
      written[i] = i;
    }
    float[] read = new float[written.length];
    for (int rank = 0; rank < 3; rank++) {
      Partition partition = new Partition(rank, 3);
      EmbeddingTable table = new EmbeddingTable("t", 10, 2, 0, partition);
      assertThat(table.stored().rows()).isEqualTo(4);
      table.write(0, 0, 4, Arrays.copyOf(written, 8));
      table.write(0, 4, 10, Arrays.copyOfRange(written, 8, 20));
      for (int local = 0; local < 4; local++) {
        int row = (int) partition.row(local);
        if (row < 10) {
          float[] one = new float[2];
          table.stored().read(0, local, local + 1, one);
          System.arraycopy(one, 0, read, 2 * row, 2);
        }
      }
    }
    assertThat(read).isEqualTo(written);
  }

  @Test
  void refusesRowsThatItDoesNotHave() {
    assertThatThrownBy(
            () ->
                TestRings.runInAllRings(
                    2,
                    ring -> {
                      int rows = ring.rank() == 0 ? 4 : 40;
                      Partition partition = new Partition(ring.rank(), 2);
                      EmbeddingTable table = new EmbeddingTable("item", rows, 2, 0, partition);
                      EmbeddingTables tables = new EmbeddingTables(List.of(table));
                      tables.shareWith(ring);
                      int[] ids = new int[40];
                      Arrays.setAll(ids, i -> ring.rank() == 0 ? 0 : i);
                      return tables.fetch(40, List.of(new Ids(ids)));
                    }))
        .isInstanceOf(MsrException.class)
        .hasMessageStartingWith("[training/OTHER_TABLES] ");
  }
}
