package org.llm4msr.endtoend;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;

/**
 * The lines of a raw file, to be damaged. A character stands for a byte, whatever the encoding.
 *
 * @param kind how the file is written
 */
record RawLog(Path file, Kind kind, List<String> lines) {

  /**
   * How a log is written.
   *
   * @param separator stands between values; empty for lines of JSON
   * @param header whether the first line has the names
   * @param names of the columns, in their order where there is no header
   */
  record Kind(String separator, boolean header, List<String> names) {

    boolean json() {
      return separator.isEmpty();
    }

    private int index(String column, List<String> header) {
      int index = names.isEmpty() ? header.indexOf(column) : names.indexOf(column);
      if (index < 0) {
        throw new IllegalArgumentException(column + " is not in " + header);
      }
      return index;
    }
  }

  static RawLog read(Path file, Kind kind) throws IOException {
    try (InputStream bytes = Files.newInputStream(file);
        InputStream text = compressed(file) ? new GZIPInputStream(bytes) : bytes) {
      String all = new String(text.readAllBytes(), ISO_8859_1);
      return new RawLog(file, kind, new ArrayList<>(Arrays.asList(all.split("\n"))));
    }
  }

  void write() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (OutputStream text = compressed(file) ? new GZIPOutputStream(bytes) : bytes) {
      text.write((String.join("\n", lines) + "\n").getBytes(ISO_8859_1));
    }
    Files.write(file, bytes.toByteArray());
  }

  private static boolean compressed(Path file) {
    return file.toString().endsWith(".gz");
  }

  /** Returns the first line with values, from 0. */
  int first() {
    return kind.header() ? 1 : 0;
  }

  /** Replaces the value of a column in one line, from 0. */
  void change(int line, String column, UnaryOperator<String> change) {
    if (kind.json()) {
      Matcher value = key(column).matcher(lines.get(line));
      lines.set(
          line,
          value.replaceFirst(m -> m.group(1) + Matcher.quoteReplacement(change.apply(m.group(2)))));
    } else {
      List<String> values = values(line);
      int index = kind.index(column, kind.header() ? values(0) : List.of());
      values.set(index, change.apply(values.get(index)));
      lines.set(line, String.join(kind.separator(), values));
    }
  }

  /** Replaces the value of a column in all lines. */
  void changeAll(String column, UnaryOperator<String> change) {
    for (int line = first(); line < lines.size(); line++) {
      change(line, column, change);
    }
  }

  /** Removes a column from all lines. */
  void drop(String column) {
    int index = kind.json() ? -1 : kind.index(column, kind.header() ? values(0) : List.of());
    for (int line = 0; line < lines.size(); line++) {
      if (kind.json()) {
        lines.set(
            line, Pattern.compile(key(column) + ",?").matcher(lines.get(line)).replaceFirst(""));
      } else {
        List<String> values = values(line);
        values.remove(index);
        lines.set(line, String.join(kind.separator(), values));
      }
    }
  }

  /** Gives a column another name. */
  void rename(String column) {
    if (kind.json()) {
      lines.replaceAll(line -> line.replace('"' + column + '"', "\"other\""));
    } else {
      lines.set(0, lines.get(0).replace(column, "other"));
    }
  }

  private static Pattern key(String column) {
    return Pattern.compile("(\"" + column + "\":)(\"[^\"]*\"|[^,}]*)");
  }

  private List<String> values(int line) {
    return new ArrayList<>(
        Arrays.asList(lines.get(line).split(Pattern.quote(kind.separator()), -1)));
  }
}
