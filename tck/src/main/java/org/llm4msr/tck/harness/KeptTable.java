package org.llm4msr.tck.harness;

import java.io.IOException;
import java.util.stream.IntStream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.compare.Range;
import org.apache.arrow.vector.compare.RangeEqualsVisitor;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.types.pojo.Schema;
import org.apache.arrow.vector.util.VectorSchemaRootAppender;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.data.DatasetReader;
import org.llm4msr.api.data.RawTable;

/**
 * All rows of a table as Arrow, for tables of so many rows that their texts would take long. Its
 * memory is its own, and released by {@link #close}.
 */
public final class KeptTable implements AutoCloseable {

  private final BufferAllocator allocator = new RootAllocator();
  private final VectorSchemaRoot rows;

  private KeptTable(Schema schema) {
    rows = VectorSchemaRoot.create(schema, allocator);
    rows.allocateNew();
  }

  /** Reads a table to its end. */
  @SuppressWarnings("resource") // Another rule tests what the reader leaves in the allocator.
  public static KeptTable of(DatasetReader reader, RawTable table) throws IOException {
    try (ArrowReader batches = reader.open(table, new RootAllocator())) {
      KeptTable kept = new KeptTable(batches.getVectorSchemaRoot().getSchema());
      try {
        while (batches.loadNextBatch()) {
          VectorSchemaRootAppender.append(kept.rows, batches.getVectorSchemaRoot());
        }
        return kept;
      } catch (IOException | RuntimeException | Error e) {
        kept.close();
        throw e;
      }
    }
  }

  /** Returns the number of rows. */
  public int size() {
    return rows.getRowCount();
  }

  /** Throws a finding unless a reader emits the same rows, and in the same order. */
  @SuppressWarnings("resource") // As above.
  public void unlessSame(String description, DatasetReader reader, RawTable table)
      throws IOException {
    try (ArrowReader batches = reader.open(table, new RootAllocator())) {
      Finding.unlessEqual(
          "columns of " + description,
          rows.getSchema().getFields(),
          batches.getVectorSchemaRoot().getSchema().getFields());
      int read = 0;
      @Nullable Finding first = null;
      while (batches.loadNextBatch()) {
        VectorSchemaRoot batch = batches.getVectorSchemaRoot();
        first = first == null ? difference(description, batch, read) : first;
        read += batch.getRowCount();
      }
      Finding.unlessEqual("rows of " + description, size(), read);
      if (first != null) {
        throw first;
      }
    }
  }

  /** Compares a batch with the rows that begin at an index; those beyond the last are ignored. */
  private @Nullable Finding difference(String description, VectorSchemaRoot batch, int index) {
    int count = Math.min(batch.getRowCount(), size() - index);
    if (count <= 0 || same(batch, new Range(index, 0, count))) {
      return null;
    }
    int row =
        IntStream.range(0, count)
            .filter(i -> !same(batch, new Range(index + i, i, 1)))
            .findFirst()
            .orElseThrow();
    return new Finding(
        "row " + (index + row) + " of " + description + " " + values(rows, index + row),
        values(batch, row));
  }

  private boolean same(VectorSchemaRoot batch, Range range) {
    return IntStream.range(0, batch.getFieldVectors().size())
        .allMatch(
            column ->
                new RangeEqualsVisitor(rows.getVector(column), batch.getVector(column))
                    .rangeEquals(range));
  }

  private static String values(VectorSchemaRoot rows, int row) {
    return rows.getFieldVectors().stream()
        .map(vector -> String.valueOf(vector.getObject(row)))
        .toList()
        .toString();
  }

  @Override
  public void close() {
    rows.close();
    allocator.close();
  }
}
