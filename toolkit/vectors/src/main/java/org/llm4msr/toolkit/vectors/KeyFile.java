package org.llm4msr.toolkit.vectors;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** The keys of a matrix, one in each line of {@code NAME.keys.txt} beside it. */
final class KeyFile implements AutoCloseable {

  private final VectorFile matrix;
  private final Path keys;
  private final long rows;
  private final BufferedReader lines;

  /** Opens the keys of a matrix with this many rows. */
  KeyFile(VectorFile matrix, Path keys, long rows) throws IOException {
    this.matrix = matrix;
    this.keys = keys;
    this.rows = rows;
    lines = Files.newBufferedReader(keys, UTF_8);
  }

  static Path of(Path matrix) {
    String name = matrix.getFileName().toString();
    return matrix.resolveSibling(name.substring(0, name.lastIndexOf('.')) + ".keys.txt");
  }

  /**
   * Returns the next key.
   *
   * @param row the number of its row, from 0
   */
  String next(long row) throws IOException {
    String key = line();
    if (key == null) {
      throw matrix.wrong("it has %,d rows, %s has %,d lines".formatted(rows, keys, row));
    }
    return key;
  }

  void requireEnd() throws IOException {
    if (line() != null) {
      throw matrix.wrong("it has %,d rows, %s has more lines".formatted(rows, keys));
    }
  }

  private @Nullable String line() throws IOException {
    try {
      return lines.readLine();
    } catch (CharacterCodingException e) {
      throw matrix.settings.notReadable(keys, "its keys are not UTF-8", e);
    }
  }

  @Override
  public void close() throws IOException {
    lines.close();
  }
}
