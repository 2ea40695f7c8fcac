package org.llm4msr.plugins.datasets.input;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.util.Iterator;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.types.Types.MinorType;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;
import org.llm4msr.toolkit.vectors.VectorTable;

/** The keys of a table and their vectors, in batches. */
final class VectorBatches extends ArrowReader {

  private static final int NUMBERS_OF_A_BATCH = 1 << 20;

  private final VectorTable table;
  private final Iterator<String> keys;

  VectorBatches(VectorTable table, BufferAllocator allocator) {
    super(allocator);
    this.table = table;
    keys = table.keys().iterator();
  }

  @Override
  protected Schema readSchema() {
    Field number = Field.nullable("number", MinorType.FLOAT4.getType());
    FieldType list = FieldType.nullable(new ArrowType.FixedSizeList(table.dimension()));
    return new Schema(
        List.of(
            Field.nullable(VectorFileInput.KEY, ArrowType.Utf8.INSTANCE),
            new Field(VectorFileInput.VECTOR, list, List.of(number))));
  }

  @Override
  public boolean loadNextBatch() throws IOException {
    prepareLoadNextBatch();
    VectorSchemaRoot root = getVectorSchemaRoot();
    VarCharVector names = (VarCharVector) root.getVector(VectorFileInput.KEY);
    FixedSizeListVector vectors = (FixedSizeListVector) root.getVector(VectorFileInput.VECTOR);
    Float4Vector numbers = (Float4Vector) vectors.getDataVector();
    root.allocateNew(); // The batch before may still be read.
    float[] vector = new float[table.dimension()];
    int most = Math.max(1, NUMBERS_OF_A_BATCH / vector.length);
    int row = 0;
    while (row < most && keys.hasNext()) {
      String key = keys.next();
      table.read(key, vector);
      names.setSafe(row, key.getBytes(UTF_8));
      vectors.setNotNull(row);
      for (int k = 0; k < vector.length; k++) {
        numbers.setSafe(row * vector.length + k, vector[k]);
      }
      row++;
    }
    root.setRowCount(row);
    return row > 0;
  }

  @Override
  public long bytesRead() {
    return 0;
  }

  @Override
  protected void closeReadSource() {}
}
