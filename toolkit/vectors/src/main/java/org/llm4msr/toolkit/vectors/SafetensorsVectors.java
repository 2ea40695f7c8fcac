package org.llm4msr.toolkit.vectors;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.llm4msr.toolkit.safetensors.SafetensorsFile;
import org.llm4msr.toolkit.safetensors.StoredArray;

/**
 * A matrix (n, K) of a safetensors file. Its keys are an int64 array (n) of the file, if the
 * settings name one, or else the lines of {@code NAME.keys.txt} beside it.
 */
final class SafetensorsVectors extends VectorFile {

  /** The file of keys; null if an array holds them. */
  private final @Nullable Path keys;

  SafetensorsVectors(Path file, VectorSettings settings) {
    super(file, settings);
    keys = settings.key() == null ? KeyFile.of(file) : null;
    if (keys != null && !Files.isRegularFile(keys)) {
      throw settings.notFound(
          "no file %s, which names the rows of %s. Write it with one key per line, in the order of the rows, or name an int64 array of %2$s that holds the keys; see %s."
              .formatted(keys, file, settings.columns()));
    }
  }

  @Override
  public List<Path> parts() {
    return keys == null ? List.of(file) : List.of(file, keys);
  }

  @Override
  void readRows(Path scratch, int threads, Rows rows) throws IOException {
    try (SafetensorsFile arrays = SafetensorsFile.open(file, this::wrong)) {
      StoredArray matrix = matrix(arrays);
      long count = matrix.shape().get(0);
      if (keys == null) {
        long[] ids = arrays.longs(ids(arrays, count));
        read(arrays, matrix, rows, row -> String.valueOf(ids[(int) row]));
      } else {
        try (KeyFile names = new KeyFile(this, keys, count)) {
          if (read(arrays, matrix, rows, names::next)) {
            names.requireEnd();
          }
        }
      }
    }
  }

  /** Returns the key of a row. */
  @FunctionalInterface
  private interface Keys {
    String of(long row) throws IOException;
  }

  /** Reads the rows; returns false if not all were wanted. */
  private static boolean read(SafetensorsFile file, StoredArray matrix, Rows rows, Keys keys)
      throws IOException {
    int size = Math.toIntExact(matrix.shape().get(1));
    for (long row = 0; row < matrix.shape().get(0); row++) {
      float[] vector = new float[size];
      file.read(matrix, row * size, size, FloatBuffer.wrap(vector));
      if (!rows.add(keys.of(row), vector)) {
        return false;
      }
    }
    return true;
  }

  private StoredArray matrix(SafetensorsFile file) {
    Collection<StoredArray> arrays = file.arrays().values();
    List<StoredArray> matrices =
        settings.vector() == null
            ? arrays.stream().filter(array -> isMatrix(array)).toList()
            : List.of(named(file, settings.vector()));
    if (matrices.size() != 1 || !isMatrix(matrices.get(0))) {
      throw wrong(
          "it needs one array (n, K) of F16, BF16, F32 or F64%s, its arrays are %s"
              .formatted(
                  settings.vector() == null ? "" : " called " + settings.vector(), shown(arrays)));
    }
    return matrices.get(0);
  }

  private static boolean isMatrix(StoredArray array) {
    return array.isReadable() && array.shape().size() == 2;
  }

  private StoredArray ids(SafetensorsFile file, long rows) {
    StoredArray ids = named(file, String.valueOf(settings.key()));
    if (!ids.isInt64() || !ids.shape().equals(List.of(rows))) {
      throw wrong(
          "the array of keys is %s, the matrix has %,d rows and needs I64 (%2$d)"
              .formatted(shown(ids), rows));
    }
    return ids;
  }

  private StoredArray named(SafetensorsFile file, String name) {
    StoredArray array = file.arrays().get(name);
    if (array == null) {
      throw wrong(
          "it has no array %s, its arrays are %s".formatted(name, shown(file.arrays().values())));
    }
    return array;
  }

  private static String shown(Collection<StoredArray> arrays) {
    return arrays.stream()
        .limit(20)
        .map(SafetensorsVectors::shown)
        .collect(Collectors.joining(", "));
  }

  private static String shown(StoredArray array) {
    return array.shape().stream()
        .map(String::valueOf)
        .collect(Collectors.joining(", ", array.name() + " " + array.type() + " (", ")"));
  }
}
