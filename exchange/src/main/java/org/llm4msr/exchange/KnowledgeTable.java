package org.llm4msr.exchange;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;
import org.llm4msr.api.model.Level;
import org.llm4msr.runtime.knowledge.store.KnowledgeSource;
import org.llm4msr.runtime.knowledge.store.KnowledgeStore;

/** The vectors of one level by key, always as float32. */
record KnowledgeTable(KnowledgeStore store, Level level) implements Table {

  private static final String KEY = "key";
  private static final String VECTOR = "vector";

  /** One vector may take 16 KiB. */
  private static final int MOST_ROWS = 1_024;

  @Override
  public Schema schema() {
    int dimension = store.info().encoder().dimension();
    ArrowType real = new ArrowType.FloatingPoint(FloatingPointPrecision.SINGLE);
    Field item = new Field("item", FieldType.notNullable(real), null);
    ArrowType list = new ArrowType.FixedSizeList(dimension);
    return new Schema(
        List.of(
            new Field(KEY, FieldType.notNullable(ArrowType.Utf8.INSTANCE), null),
            new Field(VECTOR, FieldType.notNullable(list), List.of(item))));
  }

  @Override
  public long rows() {
    return store.keys(level).size();
  }

  @Override
  public Rows open(TableRequest request, BufferAllocator allocator) {
    return new Vectors(
        VectorSchemaRoot.create(schema(request), allocator),
        Math.min(MOST_ROWS, request.rowsOfBatch()));
  }

  private final class Vectors implements Rows {
    private final VectorSchemaRoot root;
    private final int most;
    private final List<String> keys = store.keys(level);
    private final KnowledgeSource source = store.level(level);
    private final float[] vector = new float[source.dimension()];
    private int at;

    Vectors(VectorSchemaRoot root, int most) {
      this.root = root;
      this.most = most;
    }

    @Override
    public VectorSchemaRoot root() {
      return root;
    }

    @Override
    public boolean next() {
      int count = Math.min(most, keys.size() - at);
      root.allocateNew(); // The buffers of the last batch may still be in transit.
      for (FieldVector column : root.getFieldVectors()) {
        for (int i = 0; i < count; i++) {
          set(column, i, keys.get(at + i));
        }
      }
      root.setRowCount(count);
      at += count;
      return count > 0;
    }

    private void set(FieldVector column, int row, String key) {
      if (column instanceof FixedSizeListVector list) {
        source.read(key, vector);
        list.setNotNull(row);
        Float4Vector values = (Float4Vector) list.getDataVector();
        for (int k = 0; k < vector.length; k++) {
          values.setSafe(row * vector.length + k, vector[k]);
        }
      } else {
        ((VarCharVector) column).setSafe(row, key.getBytes(UTF_8));
      }
    }

    @Override
    public void close() {
      root.close();
    }
  }
}
