package com.example.mind;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.ListVector;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.types.pojo.Schema;

/** Rows as Arrow batches. */
final class RowsReader extends ArrowReader {

  private static final int BATCH = 4096;

  private final Schema schema;
  private final Rows rows;

  RowsReader(BufferAllocator allocator, Schema schema, Rows rows) {
    super(allocator);
    this.schema = schema;
    this.rows = rows;
  }

  @Override
  protected Schema readSchema() {
    return schema;
  }

  @Override
  public boolean loadNextBatch() throws IOException {
    prepareLoadNextBatch();
    VectorSchemaRoot root = getVectorSchemaRoot();
    root.allocateNew();
    int count = 0;
    for (List<?> row = rows.next(); row != null; row = rows.next()) {
      for (int column = 0; column < row.size(); column++) {
        set(root.getVector(column), count, row.get(column));
      }
      if (++count == BATCH) {
        break;
      }
    }
    root.setRowCount(count);
    return count > 0;
  }

  private static void set(FieldVector vector, int at, Object value) {
    if (vector instanceof VarCharVector texts) {
      texts.setSafe(at, ((String) value).getBytes(UTF_8));
    } else if (vector instanceof BigIntVector longs) {
      longs.setSafe(at, (Long) value);
    } else if (vector instanceof IntVector integers) {
      integers.setSafe(at, (Integer) value);
    } else {
      ListVector lists = (ListVector) vector;
      List<?> elements = (List<?>) value;
      int start = lists.startNewValue(at);
      for (int i = 0; i < elements.size(); i++) {
        set(lists.getDataVector(), start + i, elements.get(i));
      }
      lists.endValue(at, elements.size());
    }
  }

  @Override
  public long bytesRead() {
    return 0;
  }

  @Override
  protected void closeReadSource() throws IOException {
    rows.close();
  }
}
