package org.llm4msr.exchange;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.BaseIntVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;
import org.jspecify.annotations.Nullable;
import org.llm4msr.toolkit.arrow.ConsecutiveFiles;

/**
 * Rows of prepared data, or those of one scenario.
 *
 * @param files whose rows follow one another
 * @param scenario rank of the scenario; null for all rows
 * @param rows number of rows, or -1
 */
record ArrowTable(List<Path> files, Schema schema, @Nullable Integer scenario, long rows)
    implements Table {

  private static final String SCENARIO = "scenario_rank";

  static ArrowTable open(List<Path> files, @Nullable Integer scenario, long rows)
      throws IOException {
    try (BufferAllocator allocator = new RootAllocator();
        ArrowReader reader = ConsecutiveFiles.open(files, allocator)) {
      return new ArrowTable(files, reader.getVectorSchemaRoot().getSchema(), scenario, rows);
    }
  }

  @Override
  public Rows open(TableRequest request, BufferAllocator allocator) throws IOException {
    ArrowReader reader = ConsecutiveFiles.open(files, allocator);
    try {
      VectorSchemaRoot all = reader.getVectorSchemaRoot();
      Schema wanted = schema(request);
      List<FieldVector> from =
          wanted.getFields().stream().map(Field::getName).map(all::getVector).toList();
      VectorSchemaRoot to = VectorSchemaRoot.create(wanted, allocator);
      return scenario == null
          ? new AllRows(reader, from, to, request.rowsOfBatch())
          : new RowsOfScenario(
              reader,
              from,
              to,
              request.rowsOfBatch(),
              (BaseIntVector) all.getVector(SCENARIO),
              scenario);
    } catch (IOException | RuntimeException e) {
      reader.close();
      throw e;
    }
  }

  /** Rows that are moved from the vectors of a file to those of an answer. */
  private abstract static class Moved implements Rows {
    final List<FieldVector> from;
    final VectorSchemaRoot to;
    final int most;
    private final ArrowReader reader;

    /** The next row of the batch in memory. */
    int at;

    private int end;

    Moved(ArrowReader reader, List<FieldVector> from, VectorSchemaRoot to, int most) {
      this.reader = reader;
      this.from = from;
      this.to = to;
      this.most = most;
    }

    @Override
    public VectorSchemaRoot root() {
      return to;
    }

    /** Loads batches until one has unread rows, and returns their number. */
    int unread() throws IOException {
      while (at == end) {
        if (!reader.loadNextBatch()) {
          return 0;
        }
        at = 0;
        end = reader.getVectorSchemaRoot().getRowCount();
      }
      return end - at;
    }

    @Override
    public void close() throws IOException {
      to.close();
      reader.close();
    }
  }

  /** All rows: parts of the batches of the file, without a copy where that is possible. */
  private static final class AllRows extends Moved {

    AllRows(ArrowReader reader, List<FieldVector> from, VectorSchemaRoot to, int most) {
      super(reader, from, to, most);
    }

    @Override
    public boolean next() throws IOException {
      int count = Math.min(most, unread());
      if (count == 0) {
        return false;
      }
      for (int i = 0; i < from.size(); i++) {
        from.get(i).makeTransferPair(to.getVector(i)).splitAndTransfer(at, count);
      }
      to.setRowCount(count);
      at += count;
      return true;
    }
  }

  /** The rows of one scenario, copied together from as many batches as necessary. */
  private static final class RowsOfScenario extends Moved {
    private final BaseIntVector ranks;
    private final int rank;

    RowsOfScenario(
        ArrowReader reader,
        List<FieldVector> from,
        VectorSchemaRoot to,
        int most,
        BaseIntVector ranks,
        int rank) {
      super(reader, from, to, most);
      this.ranks = ranks;
      this.rank = rank;
    }

    @Override
    public boolean next() throws IOException {
      to.allocateNew(); // The buffers of the last batch may still be in transit.
      int count = 0;
      while (count < most && unread() > 0) {
        if (ranks.getValueAsLong(at) == rank) {
          for (int i = 0; i < from.size(); i++) {
            to.getVector(i).copyFromSafe(at, count, from.get(i));
          }
          count++;
        }
        at++;
      }
      to.setRowCount(count);
      return count > 0;
    }
  }
}
