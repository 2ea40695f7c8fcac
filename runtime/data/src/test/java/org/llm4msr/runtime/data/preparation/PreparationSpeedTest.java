package org.llm4msr.runtime.data.preparation;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Path;
import java.util.AbstractList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.IntFunction;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.data.FieldKind;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.data.order.TrainingOrder;
import org.llm4msr.runtime.data.prepared.BatchSource;
import org.llm4msr.runtime.data.prepared.PreparedData;
import org.llm4msr.runtime.data.prepared.Split;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A million rows of twelve fields: prepared within 30 s on two cores, 2 ms of a thread for a batch
 * of 4096.
 */
@Tag("slow")
class PreparationSpeedTest {

  private static final Logger LOG = LoggerFactory.getLogger(PreparationSpeedTest.class);
  private static final int ROWS = 1_000_000;

  @TempDir Path folder;

  /** Values computed when asked for. */
  static List<Object> column(int size, IntFunction<Object> value) {
    return new AbstractList<>() {
      @Override
      public Object get(int row) {
        return value.apply(row);
      }

      @Override
      public int size() {
        return size;
      }
    };
  }

  /** A number below {@code bound}, small ones more often. */
  static long draw(int row, int salt, long bound) {
    double uniform = new SplittableRandom(row * 31L + salt).nextDouble();
    return (long) (bound * uniform * uniform);
  }

  static ListReader millionRows() {
    ListReader reader = new ListReader();
    reader.table(
        RawTable.INTERACTIONS,
        "user",
        column(ROWS, r -> draw(r, 1, 50_000)),
        "item",
        column(ROWS, r -> draw(r, 2, 200_000)),
        "scenario",
        column(ROWS, r -> "s" + draw(r, 3, 5)),
        "label",
        column(ROWS, r -> draw(r, 4, 2)),
        "time",
        column(ROWS, r -> 1_650_000_000_000L + draw(r, 5, 1L << 30)),
        "hour",
        column(ROWS, r -> draw(r, 6, 24)),
        "position",
        column(ROWS, r -> draw(r, 7, 50)),
        "query",
        column(ROWS, r -> "query " + draw(r, 8, 100_000)),
        "session",
        column(ROWS, r -> (double) draw(r, 9, 1000)));
    reader.table(
        RawTable.USERS,
        "user",
        column(50_000, r -> (long) r),
        "age",
        column(50_000, r -> draw(r, 10, 80)),
        "city",
        column(50_000, r -> "city " + draw(r, 11, 400)),
        "activity",
        column(50_000, r -> draw(r, 12, 1000) / 7.0));
    reader.table(
        RawTable.ITEMS,
        "item",
        column(200_000, r -> (long) r),
        "author",
        column(200_000, r -> draw(r, 13, 20_000)),
        "category",
        column(200_000, r -> draw(r, 14, 300)),
        "title",
        column(200_000, r -> "title of the item number " + r),
        "tags",
        column(200_000, r -> List.of("t" + draw(r, 15, 500), "t" + draw(r, 16, 500))));
    reader.itemText = List.of("title");
    FieldKind categorical = new FieldKind.Categorical();
    reader
        .field("user", RawTable.INTERACTIONS, categorical)
        .field("item", RawTable.INTERACTIONS, categorical);
    reader
        .field("hour", RawTable.INTERACTIONS, categorical)
        .field("position", RawTable.INTERACTIONS, categorical);
    reader.field("query", RawTable.INTERACTIONS, categorical);
    reader.field("session", RawTable.INTERACTIONS, new FieldKind.Numeric());
    reader.field("age", RawTable.USERS, categorical).field("city", RawTable.USERS, categorical);
    reader.field("activity", RawTable.USERS, new FieldKind.Numeric());
    reader
        .field("author", RawTable.ITEMS, categorical)
        .field("category", RawTable.ITEMS, categorical);
    reader.field("tags", RawTable.ITEMS, new FieldKind.MultiCategorical());
    reader.batchRows = 65_536;
    return reader;
  }

  @Test
  void preparesAndReadsAMillionRows() {
    // Processor time, so that other work on the machine does not count; 60 s are 30 on two cores.
    long start = processTime();
    PreparedData data =
        Preparations.prepare(
            millionRows(),
            Preparations.config(Preparations.BY_TIME, 2),
            folder.resolve("prepared"));
    double seconds = (processTime() - start) * 1e-9;
    double training = Double.MAX_VALUE;
    double sequential = Double.MAX_VALUE;
    for (int epoch = 0; epoch < 5; epoch++) {
      TrainingOrder order = new TrainingOrder(4096, 1_000_000, 1, epoch, 0);
      training = Math.min(training, millisecondsPerBatch(data.training(order)));
      BatchSource rows = data.sequential(Split.TRAIN, 4096);
      sequential = Math.min(sequential, millisecondsPerBatch(rows));
    }
    LOG.info(
        "prepared in {} processor seconds; a batch takes {} ms shuffled, {} ms in file order",
        seconds,
        training,
        sequential);
    assertThat(seconds).isLessThan(60);
    assertThat(training).isLessThan(10); // 1.4 on a quiet machine.
  }

  private static long processTime() {
    return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getProcessCpuTime();
  }

  private static double millisecondsPerBatch(BatchSource source) {
    try (source) {
      Batch batch = source.newBatch();
      ThreadMXBean clock = ManagementFactory.getThreadMXBean();
      long start = clock.getCurrentThreadCpuTime();
      int batches = 0;
      while (source.next(batch)) {
        batches++;
      }
      return (clock.getCurrentThreadCpuTime() - start) * 1e-6 / batches;
    }
  }
}
