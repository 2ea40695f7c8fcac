package org.llm4msr.toolkit.vectors;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.memory.util.Float16;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float2Vector;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.Float8Vector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.BaseListVector;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.MsrException;
import org.llm4msr.toolkit.arrow.ArrowRows;

/** Arrow IPC, file or stream: a column of keys and a column of lists of floats. */
final class ArrowVectors extends VectorFile {

  ArrowVectors(Path file, VectorSettings settings) {
    super(file, settings);
  }

  @Override
  void readRows(Path scratch, int threads, Rows rows) throws IOException {
    try (BufferAllocator allocator = new RootAllocator();
        ArrowReader reader = ArrowRows.open(file, allocator)) {
      VectorSchemaRoot root = reader.getVectorSchemaRoot();
      FieldVector keys = column(root, settings.key(), root.getFieldVectors().get(0));
      FieldVector lists =
          settings.vector() == null ? onlyList(root, keys) : column(root, settings.vector(), keys);
      read(this, reader, keys, lists, rows);
    }
  }

  /** Reads the rows of any Arrow reader. */
  static void read(
      VectorFile file, ArrowReader reader, FieldVector keys, FieldVector lists, Rows rows)
      throws IOException {
    VectorSchemaRoot root = reader.getVectorSchemaRoot();
    if (!(lists instanceof BaseListVector list) || keys.getField().getDictionary() != null) {
      throw wrong(file, root);
    }
    while (reader.loadNextBatch()) {
      for (int row = 0; row < root.getRowCount(); row++) {
        if (!rows.add(text(keys, row), vector(file, root, list, row))) {
          return;
        }
      }
    }
  }

  private static float @Nullable [] vector(
      VectorFile file, VectorSchemaRoot root, BaseListVector list, int row) {
    if (list.isNull(row)) {
      return null;
    }
    FieldVector numbers = list.getChildrenFromFields().get(0);
    int from = list.getElementStartIndex(row);
    float[] vector = new float[list.getElementEndIndex(row) - from];
    for (int k = 0; k < vector.length; k++) {
      vector[k] = number(file, root, numbers, from + k);
    }
    return vector;
  }

  private static @Nullable String text(FieldVector keys, int row) {
    Object value = ArrowRows.value(keys, row);
    return value == null ? null : value.toString();
  }

  private static float number(
      VectorFile file, VectorSchemaRoot root, FieldVector numbers, int index) {
    if (numbers.isNull(index)) {
      return Float.NaN;
    }
    if (numbers instanceof Float4Vector floats) {
      return floats.get(index);
    }
    if (numbers instanceof Float8Vector doubles) {
      return (float) doubles.get(index);
    }
    if (numbers instanceof Float2Vector halves) {
      return Float16.toFloat(halves.get(index));
    }
    throw wrong(file, root);
  }

  private FieldVector column(VectorSchemaRoot root, @Nullable String name, FieldVector otherwise) {
    if (name == null) {
      return otherwise;
    }
    FieldVector column = root.getVector(name);
    if (column == null) {
      throw wrong("it has no column %s, its columns are %s".formatted(name, root.getSchema()));
    }
    return column;
  }

  private FieldVector onlyList(VectorSchemaRoot root, FieldVector keys) {
    List<FieldVector> lists =
        root.getFieldVectors().stream()
            .filter(column -> column != keys && column instanceof BaseListVector)
            .toList();
    if (lists.size() != 1) {
      throw wrong(this, root);
    }
    return lists.get(0);
  }

  private static MsrException wrong(VectorFile file, VectorSchemaRoot root) {
    return file.wrong(
        "it needs a column of keys and one of lists of floats, its columns are "
            + root.getSchema());
  }
}
