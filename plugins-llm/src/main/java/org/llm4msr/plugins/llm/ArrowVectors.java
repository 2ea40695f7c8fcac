package org.llm4msr.plugins.llm;

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
import org.llm4msr.api.knowledge.EncoderContext;
import org.llm4msr.toolkit.arrow.ArrowRows;

/** Arrow IPC, file or stream: a column of keys and a column of lists of floats. */
record ArrowVectors(Path file) implements VectorFile {

  @Override
  public List<Path> parts() {
    return List.of(file);
  }

  @Override
  public void read(@Nullable String key, @Nullable String vector, EncoderContext context, Rows rows)
      throws IOException {
    try (BufferAllocator allocator = new RootAllocator();
        ArrowReader reader = ArrowRows.open(file, allocator)) {
      read(file, reader, key, vector, rows);
    }
  }

  /** Reads the rows of any Arrow reader. */
  static void read(
      Path file, ArrowReader reader, @Nullable String key, @Nullable String vector, Rows rows)
      throws IOException {
    VectorSchemaRoot root = reader.getVectorSchemaRoot();
    FieldVector keys = column(file, root, key, root.getFieldVectors().get(0));
    FieldVector lists = column(file, root, vector, onlyList(file, root, keys));
    if (!(lists instanceof BaseListVector list) || keys.getField().getDictionary() != null) {
      throw wrong(file, root);
    }
    FieldVector numbers = lists.getChildrenFromFields().get(0);
    while (reader.loadNextBatch()) {
      for (int row = 0; row < root.getRowCount(); row++) {
        if (lists.isNull(row)) {
          throw VectorFile.notReadable(
              file, "the key %s has a null in place of a vector".formatted(text(keys, row)), null);
        }
        String name = text(keys, row);
        int from = list.getElementStartIndex(row);
        float[] numbersOfRow = new float[list.getElementEndIndex(row) - from];
        for (int k = 0; k < numbersOfRow.length; k++) {
          numbersOfRow[k] = number(file, root, numbers, from + k);
        }
        rows.add(name, numbersOfRow);
      }
    }
  }

  private static @Nullable String text(FieldVector keys, int row) {
    Object value = ArrowRows.value(keys, row);
    return value == null ? null : value.toString();
  }

  private static float number(Path file, VectorSchemaRoot root, FieldVector numbers, int index) {
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

  private static FieldVector column(
      Path file, VectorSchemaRoot root, @Nullable String name, FieldVector otherwise) {
    if (name == null) {
      return otherwise;
    }
    FieldVector column = root.getVector(name);
    if (column == null) {
      throw VectorFile.notReadable(
          file, "it has no column %s, its columns are %s".formatted(name, root.getSchema()), null);
    }
    return column;
  }

  private static FieldVector onlyList(Path file, VectorSchemaRoot root, FieldVector keys) {
    List<FieldVector> lists =
        root.getFieldVectors().stream()
            .filter(column -> column != keys && column instanceof BaseListVector)
            .toList();
    if (lists.size() != 1) {
      throw wrong(file, root);
    }
    return lists.get(0);
  }

  private static MsrException wrong(Path file, VectorSchemaRoot root) {
    return VectorFile.notReadable(
        file,
        "it needs a column of keys and one of lists of floats, its columns are " + root.getSchema(),
        null);
  }
}
