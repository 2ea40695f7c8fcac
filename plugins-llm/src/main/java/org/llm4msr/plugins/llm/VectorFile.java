package org.llm4msr.plugins.llm;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.knowledge.EncoderContext;

/** A file of keys and vectors in one of the formats that other tools write. */
interface VectorFile {

  /** Gets the rows of a file in order. */
  @FunctionalInterface
  interface Rows {
    void add(@Nullable String key, float[] vector) throws IOException;
  }

  /** Returns the files that it consists of. */
  List<Path> parts();

  /**
   * Reads all rows.
   *
   * @param key name of the key's column, or null
   * @param vector name of the vector's column, or null
   */
  void read(@Nullable String key, @Nullable String vector, EncoderContext context, Rows rows)
      throws IOException;

  /**
   * Finds the format by the end of the name, without reading the file.
   *
   * @throws MsrException if the file is missing or the format is unknown
   */
  static VectorFile of(Path file) {
    if (!Files.isRegularFile(file)) {
      throw new MsrException(
          ErrorType.USER,
          "knowledge/VECTORS_NOT_FOUND",
          "no file %s. Check knowledge.encoder.users and .scenarios; relative paths start at the YAML file."
              .formatted(file));
    }
    String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
    if (name.endsWith(".npy")) {
      return NpyVectors.of(file);
    }
    if (name.endsWith(".arrow") || name.endsWith(".feather")) {
      return new ArrowVectors(file);
    }
    if (name.matches(".*\\.(parquet|[ct]sv(\\.gz)?)")) {
      return new QueriedVectors(file);
    }
    throw new MsrException(
        ErrorType.USER,
        "knowledge/VECTORS_FORMAT",
        "%s has no known format. Known are .parquet, .arrow, .feather, .npy, .csv, .tsv, .csv.gz and .tsv.gz."
            .formatted(file));
  }

  static MsrException notReadable(Path file, String why, @Nullable Exception cause) {
    return new MsrException(
        ErrorType.DATA,
        "knowledge/VECTORS_NOT_READABLE",
        "cannot read vectors: %s. File %s. Check that it is complete, and knowledge.encoder.key and .vector."
            .formatted(why.strip().lines().findFirst().orElse(""), file),
        cause);
  }
}
