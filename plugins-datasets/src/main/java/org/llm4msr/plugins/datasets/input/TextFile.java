package org.llm4msr.plugins.datasets.input;

import java.io.BufferedReader;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PushbackInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Locale;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;

/** A text file in UTF-8 that may be compressed with gzip or zstd. */
public final class TextFile {

  private static final int BUFFER = 1 << 16;

  /** Marks UTF-8. */
  private static final byte[] MARK = {(byte) 0xef, (byte) 0xbb, (byte) 0xbf};

  private static final String SPREADSHEET = "is a spreadsheet. Save it as CSV";

  private TextFile() {}

  /** Opens a file for reading its characters. */
  public static BufferedReader open(Path file) throws IOException {
    return new BufferedReader(new InputStreamReader(bytes(file), StandardCharsets.UTF_8), BUFFER);
  }

  /** Opens a file for reading its text as bytes, without the mark of their order. */
  static InputStream bytes(Path file) throws IOException {
    InputStream bytes = Files.newInputStream(file);
    try {
      PushbackInputStream unmarked = new PushbackInputStream(text(file, bytes), MARK.length);
      byte[] start = unmarked.readNBytes(MARK.length);
      if (!Arrays.equals(start, MARK)) {
        unmarked.unread(start);
      }
      return unmarked;
    } catch (IOException e) {
      bytes.close();
      throw e;
    }
  }

  private static InputStream text(Path file, InputStream bytes) throws IOException {
    String name = file.toString();
    if (name.endsWith(".zst")) {
      return new ZstdStream(bytes);
    }
    return name.endsWith(".gz") ? new GZIPInputStream(bytes, BUFFER) : bytes;
  }

  /** Returns the first line, empty if the file is; refuses files of another kind. */
  public static String firstLine(Path file) {
    requireText(file);
    try (BufferedReader text = open(file)) {
      StringBuilder line = new StringBuilder();
      int next = text.read();
      for (; next >= 0 && next != '\n' && next != '\r'; next = text.read()) {
        line.append((char) next);
        if (line.length() > TextBatch.LONGEST_ROW) {
          throw new MsrException(
              ErrorType.DATA,
              "data/MALFORMED_ROW",
              file + ", line 1: " + TextBatch.TOO_LONG + " Fix or remove the line.");
        }
      }
      return line.toString();
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  /** Refuses files of another kind, and empty ones. */
  public static void requireText(Path file) {
    String name = file.toString().toLowerCase(Locale.ROOT);
    byte[] start;
    try (InputStream bytes = bytes(file)) {
      start = bytes.readNBytes(2);
    } catch (IOException e) {
      throw unreadable(file, e);
    }
    String kind =
        switch (HexFormat.of().formatHex(start)) {
          case "1f8b" -> "is compressed with gzip. Give it a name that ends in .gz";
          case "28b5" -> "is compressed with zstd. Give it a name that ends in .zst";
          case "504b" ->
              name.endsWith(".xlsx") || name.endsWith(".ods")
                  ? SPREADSHEET
                  : "is a zip archive. Unpack it";
          case "d0cf" -> SPREADSHEET;
          case "fffe", "feff" -> "is in UTF-16. Convert it to UTF-8";
          case "" -> "is empty. If it was downloaded, download it again";
          default -> null;
        };
    if (kind != null) {
      throw new MsrException(ErrorType.DATA, "data/UNREADABLE", file + " " + kind + ".");
    }
  }

  /** Returns an error that says why a file or folder cannot be read. */
  public static MsrException unreadable(Path path, IOException e) {
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
