package org.llm4msr.plugins.datasets;

import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;

/** A text file in UTF-8 that may be compressed with gzip. */
final class TextFile {

  private static final int BUFFER = 1 << 16;
  private static final long LONGEST_LINE = 16_000_000;

  private TextFile() {}

  static boolean isCompressed(Path file) {
    return file.toString().endsWith(".gz");
  }

  /** Opens a file for reading line by line. */
  static BufferedReader open(Path file) throws IOException {
    return open(file, StandardCharsets.UTF_8);
  }

  /** Opens a file in another encoding for reading line by line. */
  static BufferedReader open(Path file, Charset encoding) throws IOException {
    return new BufferedReader(new InputStreamReader(bytes(file), encoding), BUFFER);
  }

  /** Opens a file for reading its text as bytes. */
  static InputStream bytes(Path file) throws IOException {
    InputStream bytes = Files.newInputStream(file);
    if (!isCompressed(file)) {
      return bytes;
    }
    try {
      return new GZIPInputStream(bytes, BUFFER);
    } catch (IOException e) {
      bytes.close();
      throw e;
    }
  }

  /** Returns the first line, empty if the file is; refuses files of another kind. */
  static String firstLine(Path file) {
    requireText(file);
    try (BufferedReader lines = open(file)) {
      String line = line(lines, file);
      return line == null ? "" : line;
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  /** Refuses files of another kind, and empty ones. */
  static void requireText(Path file) {
    byte[] start;
    try (InputStream bytes = bytes(file)) {
      start = bytes.readNBytes(2);
    } catch (IOException e) {
      throw unreadable(file, e);
    }
    String kind =
        switch (HexFormat.of().formatHex(start)) {
          case "1f8b" -> "is compressed with gzip. Give it a name that ends in .gz";
          case "504b" -> "is a zip archive. Unpack it";
          case "fffe", "feff" -> "is in UTF-16. Convert it to UTF-8";
          case "" -> "is empty. Download it again";
          default -> null;
        };
    if (kind != null) {
      throw new MsrException(ErrorType.DATA, "data/UNREADABLE", file + " " + kind + ".");
    }
  }

  /** Returns the next line, null at the end; refuses one of more than 16 million characters. */
  static @Nullable String line(BufferedReader lines, Path file) throws IOException {
    StringBuilder line = new StringBuilder();
    int next = lines.read();
    if (next < 0) {
      return null;
    }
    for (; next >= 0 && next != '\n'; next = lines.read()) {
      if (line.length() == LONGEST_LINE) {
        throw tooLong(file, "a line");
      }
      line.append((char) next);
    }
    int end = line.length() - 1;
    if (end >= 0 && line.charAt(end) == '\r') {
      line.setLength(end);
    }
    return line.toString();
  }

  /**
   * Reads a compressed file to its end: if it breaks off, DuckDB takes the rows before that for the
   * whole file.
   */
  static void requireWhole(Path file) {
    try (InputStream bytes = bytes(file)) {
      byte[] buffer = new byte[BUFFER];
      while (bytes.read(buffer) >= 0) {}
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  /**
   * Refuses a last line of more than 16 MB: DuckDB drops one that does not fit its buffer of 32 MB.
   * It reports other lines itself.
   */
  static void requireShortLastLine(Path file) {
    try (InputStream bytes = bytes(file)) {
      if (!isCompressed(file)) {
        bytes.skipNBytes(Math.max(0, Files.size(file) - LONGEST_LINE - 2));
      }
      if (lastLine(bytes) > LONGEST_LINE) {
        throw tooLong(file, "the last line");
      }
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  /** Refuses a line that has more than 16 MB or is not in UTF-8. */
  static void requireSound(Path file) {
    try (InputStream bytes = bytes(file)) {
      byte[] buffer = new byte[BUFFER];
      ByteArrayOutputStream line = new ByteArrayOutputStream();
      long number = 1;
      for (int read = bytes.read(buffer); read >= 0; read = bytes.read(buffer)) {
        int from = 0;
        for (int i = 0; i < read; i++) {
          if (buffer[i] == '\n') {
            line.write(buffer, from, i - from);
            requireUtf8(file, number++, line);
            line.reset();
            from = i + 1;
          }
        }
        line.write(buffer, from, read - from);
        if (line.size() > LONGEST_LINE) {
          throw tooLong(file, "line " + number);
        }
      }
      requireUtf8(file, number, line);
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  private static void requireUtf8(Path file, long number, ByteArrayOutputStream line) {
    try {
      StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(line.toByteArray()));
    } catch (CharacterCodingException e) {
      throw new MsrException(
          ErrorType.DATA,
          "data/MALFORMED_ROW",
          "%s, line %d: the line is not in UTF-8. Convert the file.".formatted(file, number),
          e);
    }
  }

  private static MsrException tooLong(Path file, String which) {
    return new MsrException(
        ErrorType.DATA,
        "data/MALFORMED_ROW",
        file + ": " + which + " is longer than 16 MB. Fix or remove the line.");
  }

  private static long lastLine(InputStream bytes) throws IOException {
    byte[] buffer = new byte[BUFFER];
    long last = 0;
    long begun = 0;
    for (int read = bytes.read(buffer); read >= 0; read = bytes.read(buffer)) {
      for (int i = 0; i < read; i++) {
        begun++;
        if (buffer[i] == '\n') {
          last = begun;
          begun = 0;
        }
      }
    }
    return begun == 0 ? last : begun;
  }

  /** Returns an error that says why a file or folder cannot be read. */
  static MsrException unreadable(Path path, IOException e) {
    if (e instanceof EOFException || e instanceof ZipException) {
      return new MsrException(
          ErrorType.DATA,
          "data/DAMAGED_GZIP",
          "%s is cut off or damaged%s. Download the file again."
              .formatted(path, e.getMessage() == null ? "" : ": " + e.getMessage()),
          e);
    }
    String reason =
        e instanceof AccessDeniedException ? "no permission to read it" : e.getMessage();
    return new MsrException(
        ErrorType.DATA,
        "data/UNREADABLE",
        "%s cannot be read: %s. Check its permissions and the disk.".formatted(path, reason),
        e);
  }
}
