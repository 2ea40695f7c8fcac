package org.llm4msr.tck.harness;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.types.pojo.Field;
import org.llm4msr.api.data.DatasetReader;
import org.llm4msr.api.data.RawTable;

/**
 * All rows of a table that fits in memory, as text.
 *
 * @param columns in the order of the reader
 * @param rows the values of each row in that order; "null" if there is none
 */
public record TableContents(List<Field> columns, List<List<String>> rows) {

  @SuppressWarnings("resource") // Another rule tests what the reader leaves in the allocator.
  public static TableContents of(DatasetReader reader, RawTable table) throws IOException {
    return of(reader, table, new RootAllocator());
  }

  public static TableContents of(DatasetReader reader, RawTable table, BufferAllocator allocator)
      throws IOException {
    try (ArrowReader batches = reader.open(table, allocator)) {
      return of(batches);
    }
  }

  /** Reads an open reader to its end. */
  public static TableContents of(ArrowReader batches) throws IOException {
    List<Field> columns = batches.getVectorSchemaRoot().getSchema().getFields();
    List<List<String>> rows = new ArrayList<>();
    while (batches.loadNextBatch()) {
      VectorSchemaRoot root = batches.getVectorSchemaRoot();
      for (int row = 0; row < root.getRowCount(); row++) {
        List<String> values = new ArrayList<>();
        for (FieldVector vector : root.getFieldVectors()) {
          values.add(String.valueOf(vector.getObject(row)));
        }
        rows.add(values);
      }
    }
    return new TableContents(columns, rows);
  }

  public List<String> names() {
    return columns.stream().map(Field::getName).toList();
  }

  /** Throws a finding unless other rows are the same, and in the same order. */
  public void unlessSame(String description, TableContents actual) {
    Finding.unlessEqual("columns of " + description, columns, actual.columns);
    Finding.unlessEqual("rows of " + description, rows.size(), actual.rows.size());
    for (int row = 0; row < rows.size(); row++) {
      Finding.unlessEqual("row " + row + " of " + description, rows.get(row), actual.rows.get(row));
    }
  }

  /** Returns the values of a column; none if there is no such column. */
  public List<String> values(String column) {
    int index = names().indexOf(column);
    return index < 0 ? List.of() : rows.stream().map(row -> row.get(index)).toList();
  }
}
