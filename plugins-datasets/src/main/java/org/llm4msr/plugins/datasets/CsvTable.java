package org.llm4msr.plugins.datasets;

import static java.util.stream.Collectors.joining;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;

/**
 * One table in one or more delimited files with the same columns. Columns are addressed by the
 * names in the header and typed explicitly: guessing types would make the result depend on the rows
 * that happen to come first.
 */
final class CsvTable {

  /** How the files are written. */
  record Dialect(String delimiter, String quote, boolean header, String encoding) {

    /** RFC 4180: commas, double quotes, a header, UTF-8. */
    static final Dialect COMMA = new Dialect(",", "\"", true, "utf-8");

    private String options() {
      return ", delim="
          + Sql.literal(delimiter)
          + ", quote="
          + Sql.literal(quote)
          + ", escape="
          + Sql.literal(quote)
          + ", encoding="
          + Sql.literal(encoding);
    }
  }

  private final RawDatabase database;
  private final List<Path> files;
  private final Dialect dialect;
  private final List<String> columns;
  private final Map<String, String> types = new LinkedHashMap<>();
  private final List<Rule> rules = new ArrayList<>();

  /**
   * What every row keeps.
   *
   * @param holds a condition on the column, in SQL
   * @param expected what the condition asks for, in words
   */
  private record Rule(String column, String holds, String expected) {

    String kept() {
      return "coalesce(" + holds + ", false)";
    }
  }

  private CsvTable(RawDatabase database, List<Path> files, Dialect dialect, List<String> columns) {
    this.database = database;
    this.files = List.copyOf(files);
    this.dialect = dialect;
    this.columns = List.copyOf(columns);
  }

  /** Opens files in the usual dialect; their columns are those of the first header. */
  static CsvTable open(RawDatabase database, List<Path> files) {
    return open(database, files, Dialect.COMMA);
  }

  /** Opens files with a header in another dialect. */
  static CsvTable open(RawDatabase database, List<Path> files, Dialect dialect) {
    List<String> columns = null;
    for (Path file : files) {
      List<String> own = header(database, file, dialect);
      if (columns != null && !columns.equals(own)) {
        throw new MsrException(
            ErrorType.DATA,
            "data/DIFFERENT_COLUMNS",
            file
                + " has the columns "
                + own
                + ", but "
                + files.get(0)
                + " has "
                + columns
                + ". Files of one table need the same header.");
      }
      columns = own;
    }
    if (columns == null) {
      throw new IllegalArgumentException("a table needs a file");
    }
    return new CsvTable(database, files, dialect, columns);
  }

  /**
   * Reads the first line alone: rows of other widths would change what DuckDB takes for columns.
   */
  private static List<String> header(RawDatabase database, Path file, Dialect dialect) {
    String line = TextFile.firstLine(file);
    if (line.isBlank()) {
      throw new MsrException(
          ErrorType.DATA,
          "data/MISSING_COLUMN",
          file
              + " has an empty first line, where the names of its columns belong. Fetch it again.");
    }
    Path header = database.scratchFile(line);
    return database.columns(
        "read_csv(["
            + Sql.path(header)
            + "], all_varchar=true, header=true"
            + dialect.options()
            + ")",
        List.of(file));
  }

  /** Opens files without a header. */
  static CsvTable headless(
      RawDatabase database, List<Path> files, Dialect dialect, List<String> columns) {
    return new CsvTable(database, files, dialect, columns);
  }

  List<Path> files() {
    return files;
  }

  List<String> columns() {
    return columns;
  }

  boolean has(String column) {
    return columns.contains(column);
  }

  /** Reads a column as the given SQL type; others are text. */
  CsvTable type(String type, String... names) {
    for (String name : names) {
      types.put(name, type);
    }
    return this;
  }

  /** Refuses rows that have nothing in one of these columns. */
  CsvTable present(String... names) {
    for (String name : names) {
      rules.add(new Rule(name, Sql.name(name) + " IS NOT NULL", "a value"));
    }
    return this;
  }

  /** Refuses rows in which a condition on a column does not hold. */
  CsvTable check(String column, String holds, String expected) {
    rules.add(new Rule(column, holds, expected));
    return this;
  }

  /** Refuses rows whose number in a column is missing, infinite or none. */
  CsvTable finite(String column) {
    return check(column, "isfinite(" + Sql.name(column) + ")", "a number");
  }

  /** Refuses rows whose time is not in seconds since 1970. */
  CsvTable seconds(String column) {
    return check(column, Sql.isSeconds(Sql.name(column)), "a time in seconds since 1970");
  }

  /** Refuses rows whose time is not in milliseconds since 1970. */
  CsvTable milliseconds(String column) {
    return check(column, Sql.isMilliseconds(Sql.name(column)), "a time in milliseconds since 1970");
  }

  /** Fails where a column is not in the header. */
  CsvTable require(String... names) {
    for (String name : names) {
      firstOf(name);
    }
    return this;
  }

  /** Returns the first of several names, by which releases call a column, that the header has. */
  String firstOf(String... names) {
    for (String name : names) {
      if (has(name)) {
        return name;
      }
    }
    throw new MsrException(
        ErrorType.DATA,
        "data/MISSING_COLUMN",
        files.get(0)
            + " has no column "
            + String.join(" or ", names)
            + "; its columns are "
            + String.join(", ", columns)
            + ". Check that the file is of the format that the reader expects.");
  }

  /** Returns what scans the files; a row that breaks a rule ends the query, or is skipped. */
  String scan() {
    if (rules.isEmpty()) {
      return scan(files, onMalformed());
    }
    if (database.skipsMalformed()) {
      return "(SELECT * FROM " + scan(files, onMalformed()) + " WHERE " + kept() + ")";
    }
    Map<String, String> held = new LinkedHashMap<>();
    rules.forEach(
        rule -> held.merge(rule.column(), "(" + rule.holds() + ")", (a, b) -> a + " AND " + b));
    String checked =
        held.entrySet().stream()
            .map(
                rule ->
                    "CASE WHEN %s THEN %s ELSE error(%s) END AS %2$s"
                        .formatted(
                            rule.getValue(),
                            Sql.name(rule.getKey()),
                            Sql.literal(RawErrors.BROKEN_RULE)))
            .collect(joining(", "));
    return "(SELECT * REPLACE (" + checked + ") FROM " + scan(files, onMalformed()) + ")";
  }

  private String onMalformed() {
    return database.skipsMalformed() ? ", store_rejects=true" : "";
  }

  private String kept() {
    return rules.stream().map(Rule::kept).collect(joining(" AND "));
  }

  /**
   * Returns queries of the rows that are skipped because they break a rule: file, line, column and
   * text. Where lines before are skipped too, or values go over several, the line is too low.
   */
  List<String> rejects() {
    if (rules.isEmpty()) {
      return List.of();
    }
    String column =
        rules.stream()
            .map(rule -> "WHEN NOT %s THEN %s".formatted(rule.kept(), Sql.literal(rule.column())))
            .collect(joining(" ", "CASE ", " END"));
    String text =
        columns.stream()
            .map(name -> "coalesce(" + Sql.name(name) + "::VARCHAR, '')")
            .collect(joining(", ", "concat_ws(" + Sql.literal(dialect.delimiter()) + ", ", ")"));
    return files.stream()
        .map(
            file ->
                "SELECT %s AS file, n + %d AS line, %s AS name, %s AS text FROM (SELECT *, row_number() OVER () AS n FROM %s) WHERE NOT (%s)"
                    .formatted(
                        Sql.literal(file.toString()),
                        dialect.header() ? 1 : 0,
                        column,
                        text,
                        scan(List.of(file), ", ignore_errors=true"),
                        kept()))
        .toList();
  }

  /** Says where a row breaks a rule first, or nothing. */
  Optional<String> brokenRule() {
    for (Path file : files) {
      for (Rule rule : rules) {
        String first =
            "SELECT n, left(%s::VARCHAR, %d) FROM (SELECT *, row_number() OVER () AS n FROM %s) WHERE NOT %s LIMIT 1"
                .formatted(
                    Sql.name(rule.column()),
                    RawErrors.LONGEST_VALUE,
                    scan(List.of(file), onMalformed()),
                    rule.kept());
        for (List<String> row : database.rows(first, files)) {
          return Optional.of(
              "%s, %s %s: column '%s' has '%s', which is not %s."
                  .formatted(
                      file,
                      dialect.header() ? "row" : "line",
                      row.get(0),
                      rule.column(),
                      row.get(1),
                      rule.expected()));
        }
      }
    }
    return Optional.empty();
  }

  private String scan(List<Path> files, String onMalformed) {
    String typed =
        columns.stream()
            .map(name -> Sql.literal(name) + ": " + Sql.literal(typeOf(name)))
            .collect(joining(", ", "{", "}"));
    return "read_csv("
        + files.stream().map(Sql::path).collect(joining(", ", "[", "]"))
        + ", auto_detect=false, header="
        + dialect.header()
        + ", columns="
        + typed
        + dialect.options()
        + onMalformed
        + ")";
  }

  /** Returns a query for one line of a file, as text. */
  String line(Path file, long line) {
    String names =
        columns.stream()
            .map(name -> Sql.literal(name) + ": 'VARCHAR'")
            .collect(joining(", ", "{", "}"));
    return "SELECT * FROM read_csv(["
        + Sql.path(file)
        + "], auto_detect=false, header=false, skip="
        + (line - 1)
        + ", columns="
        + names
        + dialect.options()
        + ", null_padding=true) LIMIT 1";
  }

  /** Returns the column of a type that holds a value in a line, or null. */
  @Nullable String columnOf(List<String> values, String type, String value) {
    List<String> found = new ArrayList<>();
    for (int i = 0; i < columns.size(); i++) {
      if (typeOf(columns.get(i)).equals(type) && values.get(i).equals(value)) {
        found.add(columns.get(i));
      }
    }
    return found.isEmpty() ? null : found.get(0);
  }

  private String typeOf(String column) {
    return types.getOrDefault(column, "VARCHAR");
  }
}
