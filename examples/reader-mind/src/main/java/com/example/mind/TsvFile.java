package com.example.mind;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;

/**
 * The lines of a file, cut at tabs. Each is decoded separately, so that an error can name its line.
 */
final class TsvFile implements Closeable {

  private final Path file;
  private final int columns;
  private final BufferedReader reader;
  private long line;

  /**
   * Opens a file.
   *
   * @param columns the number of columns of every line
   */
  TsvFile(Path file, int columns) throws IOException {
    this.file = file;
    this.columns = columns;
    reader = Files.newBufferedReader(file, ISO_8859_1);
  }

  /** Returns the columns of the next line, or null at the end. */
  String @Nullable [] next() throws IOException {
    line++;
    try {
      String bytes = reader.readLine();
      if (bytes == null) {
        return null;
      }
      String text =
          UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes.getBytes(ISO_8859_1))).toString();
      String[] values = text.split("\t", -1);
      if (values.length != columns) {
        throw malformed("it has %d columns in place of %d".formatted(values.length, columns));
      }
      return values;
    } catch (CharacterCodingException e) {
      throw malformed("it is not UTF-8");
    }
  }

  /** Returns an error about a value of the line that was read last. */
  MsrException malformed(String column, String value, String rule) {
    return malformed("column '%s' has '%s', which is not %s".formatted(column, value, rule));
  }

  private MsrException malformed(String problem) {
    return new MsrException(
        ErrorType.DATA,
        "mind/MALFORMED_ROW",
        "%s, line %d: %s. Fix or remove the line.".formatted(file, line, problem));
  }

  @Override
  public void close() throws IOException {
    reader.close();
  }
}
