package org.llm4msr.plugins.datasets.sql;

import static java.util.stream.Collectors.joining;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.UnaryOperator;
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
  private boolean describes;

  TableInput(RawDatabase database, List<Path> files) {
    this.database = database;
    this.files = List.copyOf(files);
    rules = new RowRules(database);
  }

  /**
   * Returns the error that a file has no column of these names.
   *
   * @param advice a sentence with a space before it; empty if there is none
   */
  static MsrException missingColumn(
      Path file, List<String> wanted, List<String> columns, String advice) {
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
            .formatted(
                file, String.join(" or ", wanted), String.join(", ", columns), advice + hint));
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

  /** Says that rows describe users or items: a value that cannot be read is then a missing one. */
  public final TableInput describing() {
    describes = true;
    return this;
  }

  /**
   * Returns a column as it is, in delimited text as text; whole real numbers are whole ones, as
   * programs turn whole numbers into real ones if one is missing.
   *
   * @param missing cells that are missing
   */
  public final String value(String column, List<String> missing) {
    requireTexts(column);
    return without(missing, text(column), text(column));
  }

  /** Returns a value, null where the cell is missing. */
  private static String without(List<String> missing, String cell, String value) {
    return missing.isEmpty()
        ? value
        : "CASE WHEN %s THEN %s END".formatted(Sql.isOtherThan(missing, cell), value);
  }

  /** Returns a column as {@link #value} does, and refuses rows without a value. */
  public final String present(String column, List<String> missing) {
    String value = value(column, missing);
    requireThat(column, value + "::VARCHAR <> ''", "a value");
    return value;
  }

  /**
   * Returns a column as numbers, true as 1 and false as 0, and refuses rows with another value.
   *
   * @param missing cells that are missing
   * @param advice for such rows
   */
  public final String number(String column, List<String> missing, Advice advice) {
    return parsed(column, this::number, "a number", missing, advice);
  }

  /** Returns a cell as a number, in SQL: null if it is none. */
  String number(String cell) {
    return "coalesce(TRY_CAST(%1$s AS DOUBLE), CASE lower(%1$s::VARCHAR) WHEN 'true' THEN 1 WHEN 'false' THEN 0 END)"
        .formatted(cell);
  }

  /**
   * Returns a column as SQL makes values of it, and refuses rows with another one.
   *
   * @param parse makes SQL of a cell, null where it cannot be read
   * @param expected what it should be, in words
   * @param missing cells that are missing
   * @param advice for such rows
   */
  public final String parsed(
      String column,
      UnaryOperator<String> parse,
      String expected,
      List<String> missing,
      Advice advice) {
    String cell = text(column);
    String parsed = without(missing, cell, parse.apply(name(column)));
    String holds =
        "(%s IS NULL OR %s IS NOT NULL)".formatted(without(missing, cell, name(column)), parsed);
    mayHave(column, holds, SqlText.identifier(column), expected, advice);
    return parsed;
  }

  /**
   * Returns a column as a list.
   *
   * @param missing cells and elements that are missing
   */
  public final String list(String column, String separator, List<String> missing) {
    String list = elements(column, cells(column, separator, missing));
    return missing.isEmpty()
        ? list
        : "list_filter(%s::VARCHAR[], lambda part: %s)"
            .formatted(list, Sql.isOtherThan(missing, "part"));
  }

  /**
   * Returns a column as a list in which each element keeps its place: missing ones are null.
   *
   * @param missing cells and elements that are missing
   */
  final String places(String column, String separator, List<String> missing) {
    String list =
        isList(column)
            ? elements(column, cells(column, separator, missing)) + "::VARCHAR[]"
            : "string_split(%s::VARCHAR, %s)"
                .formatted(
                    without(missing, text(column), text(column)), SqlText.literal(separator));
    String present = missing.isEmpty() ? "" : " AND " + Sql.isOtherThan(missing, "part");
    return "list_transform(%s, lambda part: CASE WHEN part <> ''%s THEN part END)"
        .formatted(list, present);
  }

  /**
   * Returns a column as vectors, and refuses rows with another list.
   *
   * @param size how many numbers a vector has
   * @param missing cells that are missing
   */
  public final String vector(String column, String separator, int size, List<String> missing) {
    String list = cells(column, separator, missing);
    String vector = "TRY_CAST(" + list + " AS DOUBLE[])";
    String holds =
        "(%1$s IS NULL OR (len(%1$s) = %3$d AND list_count(%2$s) = %3$d))"
            .formatted(list, vector, size);
    String found = "(len(%1$s) || ' values: ' || %1$s::VARCHAR)".formatted(list);
    mayHave(column, holds, found, "a list of " + size + " numbers", Advice.NONE);
    return "CASE WHEN " + holds + " THEN " + vector + " END";
  }

  /** Returns how many numbers the first vector of a column has; empty if it has none. */
  public final OptionalInt vectorSize(String column, String separator, List<String> missing) {
    String list = cells(column, separator, missing);
    String first = "SELECT len(%1$s) FROM %2$s WHERE %1$s IS NOT NULL LIMIT 1";
    return database.rows(first.formatted(list, rows()), files).stream()
        .mapToInt(row -> Integer.parseInt(row.get(0)))
        .findFirst();
  }

  /**
   * Refuses rows in which a condition does not hold.
   *
   * @param column the column that is to blame
   * @param holds the condition in SQL
   * @param expected its requirement, in words
   */
  public final void requireThat(String column, String holds, String expected) {
    requireThat(column, holds, expected, Advice.NONE);
  }

  /** Refuses rows in which a condition does not hold, with advice. */
  public final void requireThat(String column, String holds, String expected, Advice advice) {
    rules.add(column, holds, SqlText.identifier(column), expected, advice);
  }

  /**
   * Adds a condition that a query tests by itself after the scan, to report the rows that it leaves
   * out.
   */
  public final void requireLater(String column, String holds, String expected) {
    rules.addLater(column, holds, expected);
  }

  /**
   * Refuses rows in which a condition does not hold. If they describe and malformed rows are
   * skipped, they are reported, and the caller leaves the value out.
   *
   * @param found what is reported of them, in SQL
   * @param expected the requirement of the condition, in words
   * @param advice for rows that are refused
   */
  public final void mayHave(
      String column, String holds, String found, String expected, Advice advice) {
    if (describes && database.skipsMalformed()) {
      rules.addBlanking(column, holds, found, expected);
    } else {
      rules.add(column, holds, found, expected, advice);
    }
  }

  /** Returns the names of the columns of the first file. */
  public abstract Collection<String> columns();

  /** Returns the name of a column that has one value per row, which is then read, in SQL. */
  abstract String name(String column);

  /** Returns such a column as it is; whole real numbers are whole ones. */
  abstract String text(String column);

  /** Refuses a column whose values cannot be taken as texts. */
  abstract void requireTexts(String column);

  /**
   * Returns a column as a list.
   *
   * @param missing cells that are missing
   */
  abstract String cells(String column, String separator, List<String> missing);

  /** Returns whether a column holds lists, and not texts. */
  abstract boolean isList(String column);

  /** Returns the elements of a list as {@link #text} returns a value. */
  abstract String elements(String column, String list);

  /** Describes the columns of text that hold whole numbers written as real ones. */
  abstract List<String> madeReal();

  /**
   * Describes those of a file by its first rows: a program writes all numbers of a column alike.
   *
   * @param texts the columns of text, at least one
   * @param rows of the file, in SQL
   */
  final List<String> madeReal(Path file, Collection<String> texts, String rows) {
    String columns =
        texts.stream()
            .map(SqlText::identifier)
            .map(
                name ->
                    "CASE WHEN bool_and(regexp_full_match(%1$s, '-?\\d+\\.0')) THEN max(%1$s) END"
                        .formatted(name))
            .collect(joining(", "));
    String query =
        "SELECT %s FROM (SELECT * FROM %s LIMIT %d)".formatted(columns, rows, RowRules.FIRST_ROWS);
    List<String> found = new ArrayList<>();
    Iterator<String> names = texts.iterator();
    for (String value : database.rows(query, List.of(file)).get(0)) {
      String column = names.next();
      if (!value.isEmpty()) {
        found.add("%s: column '%s' has values such as '%s'".formatted(file, column, value));
      }
    }
    return found;
  }

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
