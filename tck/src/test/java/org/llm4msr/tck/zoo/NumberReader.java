package org.llm4msr.tck.zoo;

import java.io.IOException;
import java.util.Iterator;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;

/** Batches of whole numbers; a negative one stands for a missing one. */
class NumberReader extends ArrowReader {

  private static final int BATCH = 10;

  private final Schema schema;
  private final Iterator<long[]> rows;

  NumberReader(BufferAllocator allocator, List<String> columns, Iterator<long[]> rows) {
    super(allocator);
    this.schema =
        new Schema(
            columns.stream()
                .map(name -> Field.nullable(name, new ArrowType.Int(64, true)))
                .toList());
    this.rows = rows;
  }

  @Override
  public boolean loadNextBatch() throws IOException {
    VectorSchemaRoot root = getVectorSchemaRoot();
    root.allocateNew();
    int count = 0;
    while (rows.hasNext() && count < BATCH) {
      long[] row = rows.next();
      for (int i = 0; i < root.getFieldVectors().size(); i++) {
        BigIntVector vector = (BigIntVector) root.getVector(i);
        if (row[i] < 0) {
          vector.setNull(count);
        } else {
          vector.setSafe(count, row[i]);
        }
      }
      count++;
    }
    root.setRowCount(count);
    return count > 0;
  }

  @Override
  public long bytesRead() {
    return 0;
  }

  @Override
  protected void closeReadSource() throws IOException {}

  @Override
  protected Schema readSchema() {
    return schema;
  }
}
