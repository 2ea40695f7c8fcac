package org.llm4msr.plugins.datasets;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * Rewrites a delimited text such that DuckDB can skip its faults. All lines end in \n. A line of
 * more than 2 MB, or one whose quoted value does not end, becomes a line that is not a row; after
 * the latter, DuckDB would also lose what follows.
 */
final class MendedText {

  /** The longest row that DuckDB reads. */
  static final int LONGEST_ROW = 2_000_000;

  private static final int NOWHERE = -2;
  private static final int SHOWN = 80;

  private final InputStream in;
  private final OutputStream out;
  private final CsvTable.Dialect dialect;
  private final boolean oneColumn;
  private final int quote;
  private final byte[] delimiter;

  /** The current row so far is {@code [start, at)}; the bytes read are {@code [start, end)}. */
  private final byte[] window = new byte[2 * LONGEST_ROW];

  private int start;
  private int at;
  private int end;

  private long lines;
  private String firstEnd = "";
  private long otherEnd;
  private long longLine;
  private boolean mended;

  MendedText(InputStream in, CsvTable.Dialect dialect, boolean oneColumn, OutputStream out) {
    this.in = in;
    this.out = out;
    this.dialect = dialect;
    this.oneColumn = oneColumn;
    quote = dialect.quote().isEmpty() ? NOWHERE : dialect.quote().charAt(0);
    delimiter = dialect.delimiter().getBytes(UTF_8);
  }

  /** Returns whether a file has such faults. */
  static boolean isNeeded(Path file, CsvTable.Dialect dialect) throws IOException {
    return read(file, dialect, false, OutputStream.nullOutputStream()).mended;
  }

  /**
   * Writes a mended copy.
   *
   * @param oneColumn whether a row has one value
   */
  static void write(Path file, CsvTable.Dialect dialect, boolean oneColumn, Path copy)
      throws IOException {
    try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(copy))) {
      read(file, dialect, oneColumn, out);
    }
  }

  /** Returns the number of the first line with another line end than the first, or 0. */
  static long firstOtherLineEnd(Path file, CsvTable.Dialect dialect) throws IOException {
    return read(file, dialect, false, OutputStream.nullOutputStream()).otherEnd;
  }

  /** Returns the number of the first line of more than {@link #LONGEST_ROW} bytes, 0 if none is. */
  static long firstLongLine(Path file, CsvTable.Dialect dialect) throws IOException {
    return read(file, dialect, false, OutputStream.nullOutputStream()).longLine;
  }

  private static MendedText read(
      Path file, CsvTable.Dialect dialect, boolean oneColumn, OutputStream out) throws IOException {
    try (InputStream in = TextFile.bytes(file)) {
      MendedText text = new MendedText(in, dialect, oneColumn, out);
      while (text.row()) {}
      return text;
    }
  }

  /** Returns how many lines were written. */
  long lines() {
    return lines;
  }

  /** Writes a row and ends its line; returns false after the last line end. */
  boolean row() throws IOException {
    int closed = NOWHERE; // Positions are counted from the start of the row.
    int firstLine = NOWHERE;
    int innerLines = 0;
    boolean quoted = false;
    for (int next = next(); next >= 0; next = next()) {
      int length = at - start - 1;
      if (quoted) {
        if (next == quote) {
          quoted = false;
          closed = length;
        } else if (next == '\n') {
          firstLine = innerLines++ == 0 ? length : firstLine;
        }
      } else if (next == quote && (length == closed + 1 || beginsValue(length))) {
        quoted = true;
      } else if (next == '\n' || next == '\r') {
        out.write(window, start, length);
        lines += innerLines;
        return endLine(next);
      } else if (length == closed + 1 && next != delimiter[0] && innerLines > 0) {
        return dropFirstLine(firstLine);
      }
      if (length >= LONGEST_ROW) {
        return innerLines == 0 ? dropLongLine() : dropFirstLine(firstLine);
      }
    }
    if (quoted && innerLines > 0) {
      return dropFirstLine(firstLine);
    }
    out.write(window, start, end - start);
    return false;
  }

  private boolean beginsValue(int length) {
    int before = start + length - delimiter.length;
    if (before < start) {
      return length == 0;
    }
    return Arrays.equals(window, before, start + length, delimiter, 0, delimiter.length);
  }

  private boolean dropFirstLine(int length) throws IOException {
    int text = window[start + length - 1] == '\r' ? length - 1 : length;
    writeNoRow(Arrays.copyOfRange(window, start, start + Math.min(SHOWN, text)), "");
    at = start + text;
    return endLine(next());
  }

  private boolean dropLongLine() throws IOException {
    longLine = longLine == 0 ? lines + 1 : longLine;
    byte[] shown = Arrays.copyOfRange(window, start, start + SHOWN);
    long length = (long) at - start;
    int next = next();
    for (; next >= 0 && next != '\n' && next != '\r'; next = next()) {
      start = at;
      length++;
    }
    writeNoRow(shown, "...(" + length + "_bytes)");
    return next >= 0 && endLine(next);
  }

  /** Writes a text as one value, which is too few for a row, or as two if a row has one. */
  private void writeNoRow(byte[] shown, String more) throws IOException {
    mended = true;
    String text = new String(shown, UTF_8);
    String unquoted = dialect.quote().isEmpty() ? text : text.replace(dialect.quote(), "");
    String blank = dialect.delimiter().equals(" ") ? "_" : " ";
    String words = unquoted.replace(dialect.delimiter(), blank) + more;
    String value = words.isBlank() ? "(quotes)" : words; // Blank lines are skipped.
    out.write((oneColumn ? value + dialect.delimiter() : value).getBytes(UTF_8));
  }

  /** Continues after a line end, whose {@code \n} may still follow. */
  private boolean endLine(int first) throws IOException {
    start = at;
    String lineEnd = first == '\n' ? "\n" : "\r";
    if (first == '\r' && next() == '\n') {
      lineEnd = "\r\n";
      start = at;
    }
    at = start;
    out.write('\n');
    lines++;
    firstEnd = firstEnd.isEmpty() ? lineEnd : firstEnd;
    if (!lineEnd.equals(firstEnd)) {
      otherEnd = otherEnd == 0 ? lines : otherEnd;
      mended = true;
    }
    return true;
  }

  private int next() throws IOException {
    if (at == end && !fill()) {
      return -1;
    }
    return window[at++] & 0xff;
  }

  private boolean fill() throws IOException {
    System.arraycopy(window, start, window, 0, end - start);
    at -= start;
    end -= start;
    start = 0;
    int read = in.read(window, end, window.length - end);
    end += Math.max(0, read);
    return read > 0;
  }
}
