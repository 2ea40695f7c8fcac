package org.llm4msr.plugins.datasets;

import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;

/** Turns DuckDB's message about a file into an error that names file, line, column and value. */
final class RawErrors {

  /** The beginning of errors that a query itself throws; the number of the line follows. */
  static final String ROW_ERROR = "Row Error on Line: ";

  /** The message of a query whose rows break one of {@link RowRules}. */
  static final String BROKEN_RULE = "A row breaks a rule";

  private static final Pattern LINE = Pattern.compile("(CSV|Row) Error on Line: (\\d+)");
  private static final Pattern COLUMN = Pattern.compile("(?m)^\\s*column = (.+)$");
  private static final Pattern FILE = Pattern.compile("(?m)^\\s*file = (.+)$");
  private static final Pattern VALUE =
      Pattern.compile("Could not convert string \"(.*?)\"?\\s?to '(.*?)'", Pattern.DOTALL);
  private static final Pattern WIDTH =
      Pattern.compile("Expected Number of Columns: (\\d+) Found: (\\d+)");
  private static final Pattern SIZE = Pattern.compile("Maximum line size of (\\d+) bytes exceeded");

  /** The number of a value's characters that are shown. */
  static final int LONGEST_VALUE = 80;

  private RawErrors() {}

  /** Returns an error about one of the files. */
  static MsrException of(Exception cause, List<Path> files) {
    return of(null, cause, List.of(), files);
  }

  /** Returns the error that a row breaks a rule. */
  static MsrException brokenRule(String told, Exception cause) {
    return malformed(told + " Fix or remove the row.", cause);
  }

  /** Returns an error about one of the files, with the column found by reading its line again. */
  static MsrException of(
      @Nullable RawDatabase database, Exception cause, List<CsvTable> tables, List<Path> files) {
    String message = Objects.requireNonNullElse(cause.getMessage(), cause.toString());
    String text = database == null ? message : database.told(message);
    if (text.contains("Out of Memory Error") || text.contains("No space left")) {
      return new MsrException(
          ErrorType.RESOURCES,
          "data/RESOURCES",
          firstLine(text)
              + " while reading "
              + files
              + ". Raise runtime.memory, or free space on the disk.",
          cause);
    }
    Matcher line = LINE.matcher(text);
    boolean noLineFits = text.contains("Parallel CSV Reader"); // DuckDB's message about its buffer.
    Matcher size = SIZE.matcher(text);
    boolean tooLong = size.find();
    boolean unclosed = text.contains("unterminated quote"); // Or it is too long.
    if (noLineFits || tooLong || unclosed || text.contains("INTERNAL Error")) {
      List<Path> read =
          tables.isEmpty() && noLineFits
              ? files
              : tables.stream().flatMap(table -> table.files().stream()).toList();
      Optional<MsrException> found = unsound(read);
      if (found.isPresent()) {
        return found.get();
      }
    }
    if (noLineFits || tooLong) { // A line number would be that of an earlier line.
      return longLine(file(text, files), tooLong ? size.group(1) : "32000000", tables, cause);
    }
    if (text.contains("reached an invalid state")) {
      return invalidState(file(text, files), tables, cause);
    }
    if (!line.find()) {
      return new MsrException(
          ErrorType.DATA,
          "data/UNREADABLE",
          "Cannot read " + files + ": " + firstLine(text) + ". Check the files.",
          cause);
    }
    TextRows.Place place =
        new TextRows.Place(Long.parseLong(line.group(2)), line.group(1).equals("Row"));
    String file = file(text, files);
    Optional<CsvTable> table =
        tables.stream().filter(one -> one.files().contains(Path.of(file))).findFirst();
    Optional<TextRows.Row> row = table.flatMap(one -> one.rows(Path.of(file)).find(place));
    return malformed(
        "%s, line %d: %s Fix or remove the line."
            .formatted(
                file, row.map(TextRows.Row::line).orElse(place.number()), what(text, table, row)),
        cause);
  }

  private static MsrException longLine(
      String file, String most, List<CsvTable> tables, Exception cause) {
    long line =
        tables.stream()
            .filter(table -> table.files().contains(Path.of(file)))
            .mapToLong(table -> table.firstLongLine(Path.of(file)))
            .findFirst()
            .orElse(0);
    return malformed(
        "%s%s is longer than %s bytes. Fix or remove the line."
            .formatted(file, line == 0 ? ": a line" : ", line " + line, most),
        cause);
  }

  private static MsrException invalidState(String file, List<CsvTable> tables, Exception cause) {
    for (CsvTable table : tables) {
      for (Path path : table.files()) {
        long line = path.toString().equals(file) ? table.firstOtherLineEnd(path) : 0;
        if (line > 0) {
          return malformed(
              "%s, line %d: its line end is not that of the first line: \\n, \\r\\n and \\r are mixed. Convert the line ends, or skip malformed rows, which reads all of them."
                  .formatted(file, line),
              cause);
        }
      }
    }
    return malformed(file + ": a value has a quote inside. Double the quotes.", cause);
  }

  /** Finds the first line that no reader accepts. */
  private static Optional<MsrException> unsound(List<Path> files) {
    try {
      files.forEach(TextFile::requireSound);
      return Optional.empty();
    } catch (MsrException e) {
      return Optional.of(e);
    }
  }

  private static MsrException malformed(String text, Exception cause) {
    return new MsrException(ErrorType.DATA, "data/MALFORMED_ROW", text, cause);
  }

  private static String what(String text, Optional<CsvTable> table, Optional<TextRows.Row> row) {
    if (text.contains("Invalid unicode") || !row.map(TextRows.Row::sound).orElse(true)) {
      return "the line is not in UTF-8.";
    }
    Matcher named = COLUMN.matcher(text);
    String key = named.find() ? named.group(1) : null;
    if (key != null && text.contains("Missing value")) {
      return "column '" + key + "' is missing.";
    }
    Matcher value = VALUE.matcher(text);
    if (value.find()) {
      String column =
          key != null || table.isEmpty() || row.isEmpty()
              ? key
              : column(table.get(), row.get().text(), value);
      return (column == null ? "a column" : "column '" + column + "'")
          + " has '"
          + shortened(value.group(1))
          + "', which is not "
          + typeName(value.group(2))
          + ".";
    }
    Matcher width = WIDTH.matcher(text);
    if (width.find()) {
      // DuckDB counts only up to the first column too many.
      boolean more = Integer.parseInt(width.group(2)) > Integer.parseInt(width.group(1));
      return more
          ? "the row has more columns than the header, which has " + width.group(1) + "."
          : "the row has " + width.group(2) + " columns, the header " + width.group(1) + ".";
    }
    if (text.contains("unterminated quote")) {
      return "a quoted value does not end.";
    }
    return shortened(
            text.lines()
                .skip(1)
                .filter(told -> !told.startsWith("Original Line:"))
                .findFirst()
                .orElse(text))
        + ".";
  }

  /** DuckDB names a wrong column if not all are read, so the row is examined again. */
  private static @Nullable String column(CsvTable table, String row, Matcher value) {
    return table.columnOf(table.values(row), value.group(2), value.group(1));
  }

  /** Describes a value of an SQL type in words. */
  static String typeName(String type) {
    if (type.endsWith("[]")) {
      return "a list of " + (type.startsWith("VARCHAR") ? "texts" : "whole numbers");
    }
    return switch (type) {
      case "BIGINT", "INTEGER" -> "a whole number";
      case "DOUBLE" -> "a number";
      case "TIMESTAMP", "TIMESTAMPTZ" -> "a time";
      default -> type;
    };
  }

  private static String file(String text, List<Path> files) {
    Matcher matcher = FILE.matcher(text);
    if (matcher.find()) {
      return matcher.group(1).strip();
    }
    return files.size() == 1 ? files.get(0).toString() : files.toString();
  }

  static String shortened(String value) {
    return value.length() > LONGEST_VALUE ? value.substring(0, LONGEST_VALUE) + "..." : value;
  }

  private static String firstLine(String text) {
    return text.lines().findFirst().orElse(text);
  }
}
