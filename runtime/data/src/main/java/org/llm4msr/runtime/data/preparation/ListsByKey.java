package org.llm4msr.runtime.data.preparation;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.BaseFixedWidthVector;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.ListVector;
import org.apache.arrow.vector.types.Types.MinorType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.data.database.ArrowFileSink;
import org.llm4msr.runtime.data.database.PreparationDatabase;

/**
 * Gathers the consecutive rows of each key into one row of lists. The database sorts on disk, but
 * would build lists in memory.
 */
final class ListsByKey implements AutoCloseable {

  private static final int VALUES_OF_A_BATCH = ArrowFileSink.BLOCK_ROWS;

  private final BufferAllocator allocator;
  private final PreparationDatabase.BatchConsumer consumer;
  private @Nullable VectorSchemaRoot root;
  private int keys;
  private int values;

  /**
   * Makes one for rows of a column of keys, then columns of values.
   *
   * @param consumer gets the key and one list per column, for {@link ArrowFileSink}: no value is
   *     null, but none is marked present
   */
  ListsByKey(BufferAllocator allocator, PreparationDatabase.BatchConsumer consumer) {
    this.allocator = allocator;
    this.consumer = consumer;
  }

  void accept(VectorSchemaRoot rows) throws IOException {
    VectorSchemaRoot lists = listsOf(rows);
    IntVector key = (IntVector) rows.getVector(0);
    int to;
    for (int from = 0; from < rows.getRowCount(); from = to) {
      to = from + 1;
      while (to < rows.getRowCount() && key.get(to) == key.get(from)) {
        to++;
      }
      begin(lists, key.get(from));
      for (int c = 1; c < rows.getFieldVectors().size(); c++) {
        ArrowFileSink.copyBytes(
            (BaseFixedWidthVector) rows.getVector(c),
            from,
            to - from,
            (BaseFixedWidthVector) list(lists, c).getDataVector(),
            values);
      }
      values += to - from;
    }
  }

  private VectorSchemaRoot listsOf(VectorSchemaRoot rows) {
    if (root == null) {
      List<Field> fields = new ArrayList<>();
      for (Field field : rows.getSchema().getFields()) {
        FieldType list = FieldType.nullable(MinorType.LIST.getType());
        fields.add(fields.isEmpty() ? field : new Field(field.getName(), list, List.of(field)));
      }
      root = VectorSchemaRoot.create(new Schema(fields), allocator);
      root.allocateNew();
    }
    return root;
  }

  private void begin(VectorSchemaRoot lists, int key) throws IOException {
    IntVector known = (IntVector) lists.getVector(0);
    if (keys > 0 && known.get(keys - 1) == key) {
      return;
    }
    if (values >= VALUES_OF_A_BATCH) {
      flush(lists);
    }
    known.setSafe(keys, key);
    setStart(lists);
    keys++;
  }

  /** Writes where the next list starts, which is where the last one ends. */
  private void setStart(VectorSchemaRoot lists) {
    for (int c = 1; c < lists.getFieldVectors().size(); c++) {
      ListVector list = list(lists, c);
      while (list.getValueCapacity() <= keys) {
        list.reAlloc();
      }
      list.getOffsetBuffer().setInt((long) keys * Integer.BYTES, values);
    }
  }

  private static ListVector list(VectorSchemaRoot lists, int column) {
    return (ListVector) lists.getVector(column);
  }

  private void flush(VectorSchemaRoot lists) throws IOException {
    setStart(lists);
    for (int c = 1; c < lists.getFieldVectors().size(); c++) {
      list(lists, c).setLastSet(keys - 1);
    }
    lists.setRowCount(keys);
    consumer.accept(lists);
    keys = 0;
    values = 0;
  }

  /** Hands over what is left. */
  void finish() throws IOException {
    if (root != null) {
      flush(root);
    }
  }

  @Override
  public void close() {
    if (root != null) {
      root.close();
    }
  }
}
