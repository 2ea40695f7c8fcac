package org.llm4msr.runtime.knowledge.past;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.UInt1Vector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowFileWriter;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.config.past.PastNeeds;
import org.llm4msr.runtime.data.arrow.ArrowFile;
import org.llm4msr.runtime.data.arrow.IdColumn;
import org.llm4msr.runtime.data.arrow.NumberColumn;
import org.llm4msr.runtime.data.arrow.TimeColumn;
import org.llm4msr.runtime.data.prepared.DatasetManifest;
import org.llm4msr.runtime.data.prepared.LoggedRows;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.data.prepared.SplitColumns;
import org.llm4msr.runtime.data.rows.EventTimes;

/**
 * The events of users as an Arrow IPC file, user by user, oldest first: the columns of the split
 * files, and {@code part}.
 */
public final class HistoryFile {

  private static final String PART = "part";
  private static final int BATCH_ROWS = 1 << 16;
  private static final List<Split> PARTS = List.of(Split.values());

  private HistoryFile() {}

  /** Returns the file beside one that has the events by another label. */
  public static Path by(@Nullable String label, Path file) {
    String name = file.getFileName().toString();
    return label == null
        ? file
        : file.resolveSibling(name.replaceFirst("(?=\\.arrow$)", "~" + label));
  }

  /** Writes events, those by other labels to files beside the first, as {@link #by} says. */
  public static void write(EventLogs events, Path file) throws IOException {
    write(events.logs(), file);
    for (Map.Entry<String, EventLogs> other : events.others().entrySet()) {
      write(other.getValue().logs(), by(other.getKey(), file));
    }
  }

  /** Reads the events that a model needs of those that were written. */
  public static EventLogs read(Path file, DatasetManifest manifest, PastNeeds needs) {
    return EventLogs.of(label -> open(by(label, file), manifest), manifest.users(), needs);
  }

  /**
   * Writes events and forces them to the disk.
   *
   * @param logs the positives; then the negatives if there are any
   */
  public static void write(List<EventLog> logs, Path file) throws IOException {
    try (BufferAllocator allocator = new RootAllocator();
        VectorSchemaRoot root = VectorSchemaRoot.create(schema(), allocator);
        FileChannel channel =
            FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        ArrowFileWriter writer = new ArrowFileWriter(root, null, channel);
        Rows rows = new Rows(root, writer)) {
      writer.start();
      for (int label = 0; label < logs.size(); label++) {
        logs.get(label).forEach(label == 0, rows);
      }
      rows.flush();
      writer.end();
      channel.force(true);
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  private static Schema schema() {
    ArrowType number = new ArrowType.Int(32, true);
    return new Schema(
        List.of(
            column(SplitColumns.USER, number),
            column(SplitColumns.ITEM, number),
            column(SplitColumns.SCENARIO, number),
            column(SplitColumns.LABEL, new ArrowType.Int(8, false)),
            column(SplitColumns.TIME, new ArrowType.Int(64, true)),
            column(SplitColumns.GROUP, number),
            column(PART, number)));
  }

  private static Field column(String name, ArrowType type) {
    return new Field(name, FieldType.notNullable(type), null);
  }

  /** Fills record batches. */
  private static final class Rows implements LoggedRows.Visitor, AutoCloseable {
    private final VectorSchemaRoot root;
    private final ArrowFileWriter writer;
    private int count;

    Rows(VectorSchemaRoot root, ArrowFileWriter writer) {
      this.root = root;
      this.writer = writer;
    }

    @Override
    public void visit(
        Split part, int user, int item, int scenario, boolean positive, long time, int group) {
      set(SplitColumns.USER, user);
      set(SplitColumns.ITEM, item);
      set(SplitColumns.SCENARIO, scenario);
      ((UInt1Vector) root.getVector(SplitColumns.LABEL)).setSafe(count, positive ? 1 : 0);
      ((BigIntVector) root.getVector(SplitColumns.TIME)).setSafe(count, time);
      set(SplitColumns.GROUP, group);
      set(PART, part.number());
      if (++count == BATCH_ROWS) {
        flush();
      }
    }

    private void set(String column, int value) {
      ((IntVector) root.getVector(column)).setSafe(count, value);
    }

    void flush() {
      root.setRowCount(count);
      count = 0;
      try {
        writer.writeBatch();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public void close() {
      root.clear();
    }
  }

  /** Returns when the events in a file took place, and the labels by which a model reads them. */
  public static EventTimes times(Path file, PastNeeds needs) {
    ArrowFile rows = ArrowFile.open(file);
    TimeColumn time = new TimeColumn(rows, SplitColumns.TIME);
    long first = Long.MAX_VALUE;
    long last = Long.MIN_VALUE;
    for (long row = 0; row < rows.rows(); row++) {
      long at = time.get(rows.locate(row));
      first = Math.min(first, at);
      last = Math.max(last, at);
    }
    return new EventTimes(first, last, needs.labels());
  }

  /** Opens the events in a file. */
  public static LoggedRows open(Path file, DatasetManifest manifest) {
    ArrowFile rows = ArrowFile.open(file);
    IdColumn user = new IdColumn(rows, SplitColumns.USER, manifest.users());
    IdColumn item = new IdColumn(rows, SplitColumns.ITEM, manifest.items());
    IdColumn scenario = new IdColumn(rows, SplitColumns.SCENARIO, manifest.scenarios().size());
    NumberColumn label = new NumberColumn(rows, SplitColumns.LABEL);
    TimeColumn time = new TimeColumn(rows, SplitColumns.TIME);
    IdColumn group = new IdColumn(rows, SplitColumns.GROUP, Integer.MAX_VALUE);
    IdColumn part = new IdColumn(rows, PART, PARTS.size());
    return visitor -> {
      for (long row = 0; row < rows.rows(); row++) {
        long pick = rows.locate(row);
        visitor.visit(
            PARTS.get(part.get(pick)),
            user.get(pick),
            item.get(pick),
            scenario.get(pick),
            label.get(pick) == 1,
            time.get(pick),
            group.get(pick));
      }
    };
  }
}
