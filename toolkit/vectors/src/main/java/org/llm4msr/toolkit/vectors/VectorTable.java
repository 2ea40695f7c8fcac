package org.llm4msr.toolkit.vectors;

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
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Stability;

/** Vectors by key, mapped from a temporary file of floats. Safe for several threads. */
@Stability(level = Stability.Level.UNSTABLE, since = "0.1")
public final class VectorTable {

  private static final int CHUNK_BYTES = 1 << 30;

  private final Path file;

  /** Numbers of rows by key, in their order. */
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

  /** What is accepted in place of vectors and of numbers. */
  public enum Gaps {
    /** Nothing. */
    REFUSED,
    /** A null, whose key is left out, and numbers that are not finite. */
    KEPT
  }

  /**
   * Reads a file once.
   *
   * @param scratch a folder for temporaries, which exist as long as the table is used
   * @throws MsrException of type DATA if keys occur twice or are missing, vectors differ in length,
   *     there is none, or there are gaps that are refused
   */
  public static VectorTable read(VectorFile file, Gaps gaps, Path scratch, int threads) {
    try (Builder builder = new Builder(file, gaps, scratch)) {
      file.read(scratch, threads, builder);
      return builder.finish();
    } catch (IOException e) {
      throw file.notReadable(e);
    }
  }

  /** Returns the file that the vectors come from. */
  public Path file() {
    return file;
  }

  /** Returns how many numbers each vector has. */
  public int dimension() {
    return mean.length;
  }

  /** Returns the keys in the order of the file. */
  public Set<String> keys() {
    return Collections.unmodifiableSet(rows.keySet());
  }

  /** Reads a vector, (K); returns false, with the target untouched, if there is none. */
  public boolean read(String key, float[] target) {
    Integer row = rows.get(key);
    if (row == null) {
      return false;
    }
    chunks.get(row / chunkRows).get((row % chunkRows) * target.length, target);
    return true;
  }

  public boolean has(String key) {
    return rows.containsKey(key);
  }

  /** Reads the mean of all vectors, (K), which is no number where one of them is not. */
  public void mean(float[] target) {
    System.arraycopy(mean, 0, target, 0, mean.length);
  }

  /** Writes the temporary file, row by row. */
  private static final class Builder implements VectorFile.Rows, AutoCloseable {

    private static final int BUFFER_BYTES = 1 << 20;

    private final VectorFile file;
    private final Gaps gaps;
    private final FileChannel channel;
    private final Map<String, Integer> rows = new LinkedHashMap<>();
    private long added;
    private double @Nullable [] sums;
    private @Nullable ByteBuffer buffer;

    Builder(VectorFile file, Gaps gaps, Path folder) throws IOException {
      this.file = file;
      this.gaps = gaps;
      this.channel =
          FileChannel.open(Files.createTempFile(folder, "rows", ".vectors"), READ, WRITE);
    }

    @Override
    public boolean add(@Nullable String key, float @Nullable [] vector) throws IOException {
      added++;
      if (key == null) {
        throw wrong("row %,d has no key".formatted(added));
      }
      if (vector != null) {
        write(key, vector);
      } else if (gaps == Gaps.REFUSED) {
        throw wrong("the key %s has a null in place of a vector".formatted(key));
      }
      return true;
    }

    private void write(String key, float[] vector) throws IOException {
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
        if (gaps == Gaps.REFUSED && !Float.isFinite(vector[k])) {
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
      return new VectorTable(file.file(), rows, chunks, chunkRows, mean);
    }

    private void write(ByteBuffer buffer) throws IOException {
      buffer.flip();
      while (buffer.hasRemaining()) {
        channel.write(buffer);
      }
      buffer.clear();
    }

    private MsrException wrong(String problem) {
      return file.settings.wrong(file.file(), problem);
    }

    @Override
    public void close() throws IOException {
      channel.close();
    }
  }
}
