package org.llm4msr.plugins.datasets.sql;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.OptionalInt;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.plugins.datasets.input.TextInput;
import org.llm4msr.toolkit.database.SqlText;

/** One table in files of one format; its columns are requested before it is scanned. */
public abstract class TableInput {

  /** The number of the line in which a row of a text file begins, in SQL. */
  public static final String LINE = SqlText.identifier(TextInput.LINE);

  final RawDatabase database;
  final RowRules rules;
  private final List<Path> files;
  private final List<String> scans = new ArrayList<>();

  TableInput(RawDatabase database, List<Path> files) {
    this.database = database;
    this.files = List.copyOf(files);
    rules = new RowRules(database);
  }

  /** Returns the error that a file has no column of these names. */
  static MsrException missingColumn(Path file, List<String> wanted, List<String> columns) {
    String hint =
        columns.stream()
            .filter(column -> wanted.stream().anyMatch(column::equalsIgnoreCase))
            .findFirst()
            .map(column -> " Capitals count: it has " + column + ".")
            .orElse("");
    return new MsrException(
        ErrorType.DATA,
        "data/MISSING_COLUMN",
        "%s has no column %s; its columns are %s.%s Check that the file is of the format that the reader expects, and the names of columns in the configuration."
            .formatted(file, String.join(" or ", wanted), String.join(", ", columns), hint));
  }

  /** Returns the error that two files of one table have different columns. */
  static MsrException differentColumns(
      Path file, Collection<String> own, Path first, Collection<String> columns) {
    return new MsrException(
        ErrorType.DATA,
        "data/DIFFERENT_COLUMNS",
        "%s has the columns %s, but %s has %s. Files of one table need the same columns."
            .formatted(file, own, first, columns));
  }

  public final List<Path> files() {
    return files;
  }

  /** Returns a required column, as SQL of a type. */
  public abstract String value(String column, String type);

  /** Returns a column as it is; in delimited text it is text. */
  public abstract String value(String column);

  /** Returns a column as a list. */
  public abstract String list(String column, String separator);

  /**
   * Returns a column as vectors, and refuses rows with another list.
   *
   * @param size how many numbers a vector has
   */
  public final String vector(String column, String separator, int size) {
    String list = list(column, separator);
    String vector = "TRY_CAST(" + list + " AS DOUBLE[])";
    rules.add(
        column,
        "(%1$s IS NULL OR (len(%1$s) = %3$d AND list_count(%2$s) = %3$d))"
            .formatted(list, vector, size),
        "(len(%1$s) || ' values: ' || %1$s::VARCHAR)".formatted(list),
        "a list of " + size + " numbers");
    return vector;
  }

  /** Returns how many numbers the first vector of a column has; empty if it has none. */
  public final OptionalInt vectorSize(String column, String separator) {
    String list = list(column, separator);
    String first = "SELECT len(%1$s) FROM %2$s WHERE %1$s IS NOT NULL LIMIT 1";
    return database.rows(first.formatted(list, rows()), files).stream()
        .mapToInt(row -> Integer.parseInt(row.get(0)))
        .findFirst();
  }

  /**
   * Refuses rows in which a condition does not hold.
   *
   * @param holds the condition in SQL; {@code %s} stands for the column
   * @param expected its requirement, in words
   */
  public abstract void requireThat(String column, String holds, String expected);

  /**
   * Returns the source that one query reads from, once, after all columns have been requested. It
   * has also the column {@link #LINE} if the files are text.
   */
  public final String scan() {
    String scan = rules.scan(rows(), readColumns());
    scans.add(scan);
    return scan;
  }

  /** Returns whether a query reads the table. */
  final boolean isReadBy(String query) {
    return scans.stream().anyMatch(query::contains);
  }

  abstract Collection<String> readColumns();

  /** Returns the source of all rows, in SQL. */
  abstract String rows();

  /** Returns the source of all rows of each file. */
  abstract List<FileScan> fileScans();
}
