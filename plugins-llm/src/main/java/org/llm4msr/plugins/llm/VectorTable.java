package org.llm4msr.plugins.llm;

import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;

/** Vectors by key, mapped from a temporary file of floats. Safe for several threads. */
final class VectorTable {

  private static final int CHUNK_BYTES = 1 << 30;

  private final Path file;
  private final Map<String, Integer> rows;
  private final List<FloatBuffer> chunks;
  private final int chunkRows;
  private final float[] mean;

  private VectorTable(
      Path file, Map<String, Integer> rows, List<FloatBuffer> chunks, int chunkRows, float[] mean) {
    this.file = file;
    this.rows = rows;
    this.chunks = chunks;
    this.chunkRows = chunkRows;
    this.mean = mean;
  }

  /** Returns the file that the vectors come from. */
  Path file() {
    return file;
  }

  int dimension() {
    return mean.length;
  }

  int size() {
    return rows.size();
  }

  List<String> firstKeys(int count) {
    return rows.keySet().stream().limit(count).toList();
  }

  /** Reads a vector, (K); returns false, with the target untouched, if there is none. */
  boolean read(String key, float[] target) {
    Integer row = rows.get(key);
    if (row == null) {
      return false;
    }
    chunks.get(row / chunkRows).get((row % chunkRows) * target.length, target);
    return true;
  }

  boolean has(String key) {
    return rows.containsKey(key);
  }

  /** Reads the mean of all vectors, (K). */
  void mean(float[] target) {
    System.arraycopy(mean, 0, target, 0, mean.length);
  }

  /** Writes the temporary file, row by row. */
  static final class Builder implements VectorFile.Rows, AutoCloseable {

    private static final int BUFFER_BYTES = 1 << 20;

    private final Path file;
    private final FileChannel channel;
    private final Map<String, Integer> rows = new LinkedHashMap<>();
    private double @Nullable [] sums;
    private @Nullable ByteBuffer buffer;

    /**
     * Opens the temporary file.
     *
     * @param file the file that is read, for messages
     * @param folder for temporaries
     */
    Builder(Path file, Path folder) throws IOException {
      this.file = file;
      this.channel =
          FileChannel.open(Files.createTempFile(folder, "rows", ".vectors"), READ, WRITE);
    }

    @Override
    public void add(@Nullable String key, float[] vector) throws IOException {
      if (key == null) {
        throw wrong("row %,d has no key".formatted(rows.size() + 1));
      }
      if (rows.putIfAbsent(key, rows.size()) != null) {
        throw wrong("the key %s occurs twice".formatted(key));
      }
      if (sums == null || buffer == null) {
        if (vector.length == 0) {
          throw wrong("the vector of %s is empty".formatted(key));
        }
        sums = new double[vector.length];
        int rowBytes = vector.length * Float.BYTES;
        buffer =
            ByteBuffer.allocateDirect(Math.max(1, BUFFER_BYTES / rowBytes) * rowBytes)
                .order(ByteOrder.nativeOrder());
      }
      if (vector.length != sums.length) {
        throw wrong(
            "the vector of %s has %d numbers, those before have %d"
                .formatted(key, vector.length, sums.length));
      }
      for (int k = 0; k < vector.length; k++) {
        if (!Float.isFinite(vector[k])) {
          throw wrong("number %d of the vector of %s is %s".formatted(k, key, vector[k]));
        }
        sums[k] += vector[k];
        buffer.putFloat(vector[k]);
      }
      if (!buffer.hasRemaining()) {
        write(buffer);
      }
    }

    VectorTable finish() throws IOException {
      if (sums == null || buffer == null) {
        throw wrong("it has no rows");
      }
      write(buffer);
      float[] mean = new float[sums.length];
      for (int k = 0; k < mean.length; k++) {
        mean[k] = (float) (sums[k] / rows.size());
      }
      int rowBytes = mean.length * Float.BYTES;
      int chunkRows = CHUNK_BYTES / rowBytes;
      List<FloatBuffer> chunks = new ArrayList<>();
      for (int row = 0; row < rows.size(); row += chunkRows) {
        long bytes = (long) Math.min(chunkRows, rows.size() - row) * rowBytes;
        chunks.add(
            channel
                .map(FileChannel.MapMode.READ_ONLY, (long) row * rowBytes, bytes)
                .order(ByteOrder.nativeOrder())
                .asFloatBuffer());
      }
      return new VectorTable(file, rows, chunks, chunkRows, mean);
    }

    private void write(ByteBuffer buffer) throws IOException {
      buffer.flip();
      while (buffer.hasRemaining()) {
        channel.write(buffer);
      }
      buffer.clear();
    }

    private MsrException wrong(String problem) {
      return new MsrException(
          ErrorType.DATA,
          "knowledge/WRONG_VECTORS",
          "the vectors cannot be used: %s. File %s. Fix the file.".formatted(problem, file));
    }

    @Override
    public void close() throws IOException {
      channel.close();
    }
  }
}
