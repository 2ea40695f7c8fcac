package org.llm4msr.runtime.data.order;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowFileWriter;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.runtime.data.arrow.ArrowFile;
import org.llm4msr.runtime.data.arrow.IdColumn;

class TrainingOrderTest {

  private static final int ROWS = 150_000;

  @TempDir Path folder;
  private static final int USERS = 1000;
  private ArrowFile file;

  /** One record batch of 140,000 rows, an empty one, and one of 10,000. */
  @BeforeEach
  void writeRows() throws IOException {
    Path path = folder.resolve("rows.arrow");
    try (BufferAllocator allocator = new RootAllocator();
        IntVector rows = new IntVector("row", allocator);
        IntVector users = new IntVector("user", allocator);
        VectorSchemaRoot root = VectorSchemaRoot.of(rows, users);
        FileOutputStream out = new FileOutputStream(path.toFile());
        ArrowFileWriter writer = new ArrowFileWriter(root, null, out.getChannel())) {
      int next = 0;
      for (int count : new int[] {140_000, 0, 10_000}) {
        rows.allocateNew(Math.max(1, count));
        users.allocateNew(Math.max(1, count));
        for (int i = 0; i < count; i++) {
          users.set(i, next % USERS);
          rows.set(i, next++);
        }
        root.setRowCount(count);
        writer.writeBatch();
      }
    }
    file = ArrowFile.open(path);
  }

  private List<int[]> batches(TrainingOrder order) {
    RowOrder rows = new ShuffledOrder(file, new IdColumn(file, "user", USERS), order);
    IdColumn column = new IdColumn(file, "row", ROWS);
    List<int[]> batches = new ArrayList<>();
    long[] picks = new long[order.batchSize()];
    for (int count = rows.next(picks); count > 0; count = rows.next(picks)) {
      int[] values = new int[count];
      column.gather(picks, count, values);
      batches.add(values);
    }
    return batches;
  }

  private static int[] sorted(List<int[]> batches) {
    return batches.stream().flatMapToInt(Arrays::stream).sorted().toArray();
  }

  @Test
  void drawsEveryRowOnce() {
    int[] all = new int[ROWS];
    Arrays.setAll(all, i -> i);
    for (int window : new int[] {1, 1000, 4096, 100_000, 1_000_000}) {
      List<int[]> batches = batches(new TrainingOrder(4096, window, 3, 0, 0));
      assertThat(sorted(batches)).as("window %d", window).isEqualTo(all);
      assertThat(batches.subList(0, 36)).allMatch(batch -> batch.length == 4096);
      assertThat(batches.get(36)).hasSize(ROWS - 36 * 4096);
    }
  }

  @Test
  void resumesExactlyAtABatch() {
    List<int[]> whole = batches(new TrainingOrder(1000, 33_333, 3, 2, 0));
    for (int skip : new int[] {1, 33, 34, 149, 150, 151}) {
      List<int[]> rest = batches(new TrainingOrder(1000, 33_333, 3, 2, skip));
      assertThat(rest)
          .usingRecursiveComparison()
          .isEqualTo(whole.subList(Math.min(skip, 150), 150));
    }
  }

  /** 150 rows a user in chunks of 32 or 22: 30 on average, so a batch has some 4096 / 30 users. */
  @Test
  void keepsRowsOfAUserTogether() {
    TrainingOrder order = new TrainingOrder(4096, 1_000_000, 32, 3, 0, 0);
    List<int[]> batches = batches(order);
    int[] all = new int[ROWS];
    Arrays.setAll(all, i -> i);

    assertThat(sorted(batches)).isEqualTo(all);
    for (int[] batch : batches.subList(0, 36)) {
      assertThat(Arrays.stream(batch).map(row -> row % USERS).distinct().count())
          .isBetween(100L, 150L);
    }
    assertThat(users(batches(new TrainingOrder(4096, 1_000_000, 32, 3, 1, 0)).get(0)))
        .isNotEqualTo(users(batches.get(0)));
    assertThat(batches(new TrainingOrder(4096, 1_000_000, 32, 3, 0, 5)))
        .usingRecursiveComparison()
        .isEqualTo(batches.subList(5, batches.size()));
  }

  private static List<Integer> users(int[] batch) {
    return Arrays.stream(batch).map(row -> row % USERS).distinct().sorted().boxed().toList();
  }

  @Test
  void dependsOnSeedAndEpochAlone() {
    int[] first = batches(new TrainingOrder(512, 50_000, 3, 0, 0)).get(0);
    assertThat(batches(new TrainingOrder(512, 50_000, 3, 0, 0)).get(0)).isEqualTo(first);
    assertThat(batches(new TrainingOrder(512, 50_000, 3, 1, 0)).get(0)).isNotEqualTo(first);
    assertThat(batches(new TrainingOrder(512, 50_000, 4, 0, 0)).get(0)).isNotEqualTo(first);
  }

  /** Rows of a window are a run of the shuffled blocks, so that memory is read block by block. */
  @Test
  void mixesWithinTheWindow() {
    int[] window = sorted(batches(new TrainingOrder(100, 1000, 3, 0, 0)).subList(0, 10));
    assertThat(window[999] - window[0]).isEqualTo(999);
  }

  /** With a window over everything, a batch is a sample of all rows: mean near the middle. */
  @Test
  void mixesWell() {
    double sum = 0;
    List<int[]> batches = batches(new TrainingOrder(1000, ROWS, 3, 0, 0));
    for (int[] batch : batches) {
      double mean = Arrays.stream(batch).average().orElseThrow();
      // Standard deviation of the mean of 1000 uniform rows.
      double deviation = ROWS / Math.sqrt(12 * 1000.0);
      assertThat(Math.abs(mean - ROWS / 2.0)).isLessThan(4.5 * deviation);
      sum += (mean - ROWS / 2.0) * (mean - ROWS / 2.0) / (deviation * deviation);
    }
    // Chi-square with 150 degrees of freedom: 150 +- 17 (one standard deviation).
    assertThat(sum).isBetween(80.0, 230.0);
  }
}
