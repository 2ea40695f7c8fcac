package org.llm4msr.toolkit.vectors;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Stability;

/** A file of keys and vectors in one of the formats that other tools write. */
@Stability(level = Stability.Level.UNSTABLE, since = "0.1")
public abstract sealed class VectorFile
    permits ArrowVectors, NpyVectors, QueriedVectors, SafetensorsVectors {

  final Path file;
  final VectorSettings settings;

  VectorFile(Path file, VectorSettings settings) {
    this.file = file;
    this.settings = settings;
  }

  /** Gets the rows of a file in order. */
  @FunctionalInterface
  interface Rows {
    /** Takes a row; returns whether it wants the next. */
    boolean add(@Nullable String key, float @Nullable [] vector) throws IOException;
  }

  /**
   * Finds the format by the end of the name, without reading the file.
   *
   * @throws MsrException if the file, or that of its keys, is missing or the format is unknown
   */
  public static VectorFile of(Path file, VectorSettings settings) {
    if (!Files.isRegularFile(file)) {
      throw settings.noFile(file);
    }
    String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
    if (name.endsWith(".npy")) {
      return new NpyVectors(file, settings);
    }
    if (name.endsWith(".safetensors")) {
      return new SafetensorsVectors(file, settings);
    }
    if (name.endsWith(".arrow") || name.endsWith(".feather")) {
      return new ArrowVectors(file, settings);
    }
    if (name.matches(".*\\.(parquet|[ct]sv(\\.gz)?)")) {
      return new QueriedVectors(file, settings);
    }
    throw settings.unknownFormat(file);
  }

  public final Path file() {
    return file;
  }

  /** Returns the files that it consists of. */
  public List<Path> parts() {
    return List.of(file);
  }

  /**
   * Returns how many numbers the first vector has, without reading the others.
   *
   * @param scratch a folder for temporaries
   * @throws MsrException of type DATA if there is none
   */
  public final int size(Path scratch, int threads) {
    AtomicInteger size = new AtomicInteger();
    read(
        scratch,
        threads,
        (key, vector) -> {
          size.set(vector == null ? 0 : vector.length);
          return vector == null;
        });
    if (size.get() == 0) {
      throw settings.wrong(file, "it has no vectors");
    }
    return size.get();
  }

  /** Reads rows until the last, or the one after which no more are wanted. */
  final void read(Path scratch, int threads, Rows rows) {
    try {
      readRows(scratch, threads, rows);
    } catch (IOException e) {
      throw notReadable(e);
    }
  }

  abstract void readRows(Path scratch, int threads, Rows rows) throws IOException;

  /** Returns the error that it cannot be read. */
  public final MsrException notReadable(IOException cause) {
    return wrong(String.valueOf(cause.getMessage()), cause);
  }

  final MsrException wrong(String why) {
    return wrong(why, null);
  }

  final MsrException wrong(String why, @Nullable Exception cause) {
    return settings.notReadable(file, why, cause);
  }
}
