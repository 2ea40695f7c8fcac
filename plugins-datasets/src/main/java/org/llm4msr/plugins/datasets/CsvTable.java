package org.llm4msr.plugins.datasets;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.util.stream.Collectors.joining;

import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;

/**
 * One table in one or more delimited files with the same columns. Columns are addressed by the
 * names in the header and typed explicitly: guessing types would make the result depend on the rows
 * that happen to come first.
 */
final class CsvTable implements TableInput {

  /** The format of the files. */
  record Dialect(String delimiter, String quote, boolean header, String encoding) {

    /** RFC 4180: commas, double quotes, a header, UTF-8. */
    static final Dialect COMMA = new Dialect(",", "\"", true, "utf-8");

    /** Returns the encoding; DuckDB has another name for it. */
    Charset charset() {
      return encoding.equals("latin-1") ? ISO_8859_1 : Charset.forName(encoding);
    }

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
  private final Set<String> repeated;
  private final Map<String, String> casts = new HashMap<>();
  private final Map<String, String> types = new LinkedHashMap<>();
  private final RowRules rules;

  private CsvTable(
      RawDatabase database,
      List<Path> files,
      Dialect dialect,
      List<String> columns,
      Set<String> repeated) {
    this.database = database;
    this.files = List.copyOf(files);
    this.dialect = dialect;
    this.columns = List.copyOf(columns);
    this.repeated = Set.copyOf(repeated);
    rules = new RowRules(database);
  }

  /** Opens files in the usual dialect; their columns are those of the first header. */
  static CsvTable open(RawDatabase database, List<Path> files) {
    return open(database, files, Dialect.COMMA);
  }

  /** Opens files with a header in another dialect. */
  static CsvTable open(RawDatabase database, List<Path> files, Dialect dialect) {
    Header header = null;
    for (Path file : files) {
      Header own = header(database, file, dialect);
      if (header != null && !header.columns().equals(own.columns())) {
        throw TableInput.differentColumns(file, own.columns(), files.get(0), header.columns());
      }
      header = own;
    }
    if (header == null) {
      throw new IllegalArgumentException("a table needs a file");
    }
    return new CsvTable(database, files, dialect, header.columns(), header.repeated());
  }

  /**
   * The columns of a header.
   *
   * @param columns names; of equal ones, DuckDB renames the later ones
   * @param repeated names that occur in the file more than once
   */
  private record Header(List<String> columns, Set<String> repeated) {}

  /**
   * Reads the first line alone: rows of other widths would change the columns that DuckDB finds.
   */
  private static Header header(RawDatabase database, Path file, Dialect dialect) {
    String line = TextFile.firstLine(file);
    if (line.isBlank()) {
      throw new MsrException(
          ErrorType.DATA,
          "data/MISSING_COLUMN",
          file
              + " has an empty first line, where the names of its columns belong. Download it"
              + " again.");
    }
    Path header = database.scratchFile(line);
    String scan =
        "read_csv(["
            + Sql.path(header)
            + "], all_varchar=true, hive_partitioning=false"
            + dialect.options()
            + ", header=";
    try {
      List<String> columns = database.columns(scan + "true)", List.of(file));
      List<String> names = database.rows("SELECT * FROM " + scan + "false)", List.of(file)).get(0);
      Set<String> repeated = new HashSet<>(names);
      repeated.removeIf(name -> Collections.frequency(names, name) == 1);
      return new Header(columns, repeated);
    } catch (MsrException e) {
      String quote = dialect.quote();
      if (quote.isEmpty() || line.chars().filter(c -> c == quote.charAt(0)).count() % 2 == 0) {
        throw e;
      }
      throw new MsrException(
          ErrorType.DATA,
          "data/MALFORMED_ROW",
          file + ", line 1: a quoted value does not end. Fix the line.",
          e);
    }
  }

  /** Opens files without a header. */
  static CsvTable headless(
      RawDatabase database, List<Path> files, Dialect dialect, List<String> columns) {
    files.forEach(TextFile::requireText);
    return new CsvTable(database, files, dialect, columns, Set.of());
  }

  @Override
  public List<Path> files() {
    return files;
  }

  List<String> columns() {
    return columns;
  }

  @Override
  public List<ArrowInput> arrowInputs() {
    return List.of();
  }

  /** Casts only on request: other uses of the column need the unchanged text. */
  @Override
  public String value(String column, String type) {
    String text = "nullif(" + value(column) + ", '')";
    String cast = "TRY_CAST(" + text + " AS " + type + ")";
    casts.put(column, cast);
    check(column, "(" + text + " IS NULL OR " + cast + " IS NOT NULL)", RawErrors.typeName(type));
    return cast;
  }

  @Override
  public String value(String column) {
    return Sql.name(firstOf(column));
  }

  @Override
  public String list(String column, String separator) {
    return Sql.split(value(column), separator);
  }

  @Override
  public void requireThat(String column, String holds, String expected) {
    check(column, holds.formatted(casts.getOrDefault(column, Sql.name(column))), expected);
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

  /** Refuses rows in which one of these columns is empty. */
  CsvTable present(String... names) {
    for (String name : names) {
      rules.add(name, Sql.name(name) + " IS NOT NULL", "a value");
    }
    return this;
  }

  /** Refuses rows in which a condition on a column does not hold. */
  CsvTable check(String column, String holds, String expected) {
    rules.add(column, holds, expected);
    return this;
  }

  /** Refuses rows whose number in a column is missing, infinite or NaN. */
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

  /** Fails if a column is not in the header. */
  CsvTable require(String... names) {
    for (String name : names) {
      firstOf(name);
    }
    return this;
  }

  /** Returns the first name in the header, of several that releases have for a column. */
  String firstOf(String... names) {
    for (String name : names) {
      if (repeated.contains(name)) {
        throw new MsrException(
            ErrorType.DATA,
            "data/REPEATED_COLUMN",
            "%s, line 1: the column '%s' occurs more than once. Rename one of them."
                .formatted(files.get(0), name));
      }
      if (has(name)) {
        return name;
      }
    }
    throw TableInput.missingColumn(files.get(0), List.of(names), columns);
  }

  @Override
  public String scan() {
    return rules.scan(scan(files, onMalformed()));
  }

  private String onMalformed() {
    return database.skipsMalformed() ? RawDatabase.keepingUnread(RowPlaces.UNREAD) : "";
  }

  @Override
  public String rowText() {
    return "''";
  }

  @Override
  public String kept() {
    return rules.kept() + " AND " + read();
  }

  /** Returns the condition that a row's values have the types of their columns. */
  private String read() {
    return types.isEmpty()
        ? "true"
        : types.keySet().stream().map(Sql::name).collect(joining(", ", "hash(", ") IS NOT NULL"));
  }

  @Override
  public List<FoundRows> skipped() {
    return rules.broken(tableFiles(), rowText(), read());
  }

  @Override
  public Optional<String> brokenRule() {
    return rules.firstBroken(tableFiles());
  }

  /** If rows are skipped, which ones a scan cannot read depends on the columns that it reads. */
  @Override
  public List<TableFile> tableFiles() {
    return files.stream()
        .map(
            file -> {
              String unread = database.skipsMalformed() ? database.newName() : "";
              String scan =
                  scan(List.of(file), unread.isEmpty() ? "" : RawDatabase.keepingUnread(unread));
              return new TableFile(file, scan, List.of(), Optional.of(rows(file)), unread);
            })
        .toList();
  }

  private String scan(List<Path> files, String onMalformed) {
    String typed =
        columns.stream()
            .map(name -> Sql.literal(name) + ": " + Sql.literal(typeOf(name)))
            .collect(joining(", ", "{", "}"));
    return "read_csv("
        + files.stream().map(Sql::path).collect(joining(", ", "[", "]"))
        + ", auto_detect=false, hive_partitioning=false, header="
        + dialect.header()
        + ", columns="
        + typed
        + dialect.options()
        + onMalformed
        + ")";
  }

  /** Returns the number of the first line with another line end than the first, or 0. */
  long firstOtherLineEnd(Path file) {
    try {
      return MendedText.firstOtherLineEnd(file, dialect);
    } catch (IOException e) {
      throw TextFile.unreadable(file, e);
    }
  }

  /** Returns the number of the first line that is too long for a row, 0 if none is. */
  long firstLongLine(Path file) {
    try {
      return MendedText.firstLongLine(file, dialect);
    } catch (IOException e) {
      throw TextFile.unreadable(file, e);
    }
  }

  /** Reads a file from a copy, if its faults could not be skipped otherwise. */
  void mend(Path file) {
    database.mend(file, dialect, columns.size() == 1);
  }

  /** Returns the rows of a file as text. */
  TextRows rows(Path file) {
    return new TextRows(file, dialect, columns.size() == 1);
  }

  /** Returns the values of a row as text, or nothing if it cannot be read. */
  List<String> values(String row) {
    String names =
        columns.stream()
            .map(name -> Sql.literal(name) + ": 'VARCHAR'")
            .collect(joining(", ", "{", "}"));
    Dialect unicode = new Dialect(dialect.delimiter(), dialect.quote(), false, "utf-8");
    String scan =
        "SELECT * FROM read_csv(["
            + Sql.path(database.scratchFile(row))
            + "], auto_detect=false, hive_partitioning=false, header=false, columns="
            + names
            + unicode.options()
            + ", null_padding=true, parallel=false, ignore_errors=true)";
    return database.rows(scan, files).stream().findFirst().orElse(List.of());
  }

  /** Returns the column of a type that holds a value in a row, or null. */
  @Nullable String columnOf(List<String> values, String type, String value) {
    List<String> found = new ArrayList<>();
    for (int i = 0; i < values.size(); i++) {
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
