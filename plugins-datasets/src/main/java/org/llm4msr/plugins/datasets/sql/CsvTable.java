package org.llm4msr.plugins.datasets.sql;

import static java.util.stream.Collectors.joining;
import static java.util.stream.Collectors.toSet;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.data.LogFile;
import org.llm4msr.plugins.datasets.input.CsvRows;
import org.llm4msr.plugins.datasets.input.Dialect;
import org.llm4msr.plugins.datasets.input.TextFile;
import org.llm4msr.plugins.datasets.input.TextInput;
import org.llm4msr.toolkit.database.SqlText;

/**
 * One table in one or more delimited files with the same columns. Columns are addressed by the
 * names in the header and typed explicitly: guessing types would make the result depend on the rows
 * that happen to come first.
 */
public final class CsvTable extends TableInput {

  private static final List<String> DELIMITERS = List.of(";", "\t", ",", "|");

  private final Dialect dialect;
  private final List<String> columns;

  /** The columns that are read. */
  private final Set<String> read = new LinkedHashSet<>();

  /** Those whose values are taken as texts. */
  private final Set<String> texts = new LinkedHashSet<>();

  private final Map<String, String> types = new HashMap<>();
  private String decimalSeparator = ".";

  private CsvTable(RawDatabase database, List<Path> files, Dialect dialect, List<String> columns) {
    super(database, files);
    this.dialect = dialect;
    this.columns = List.copyOf(columns);
    rules.refuse(SqlText.identifier(TextInput.FAULT));
  }

  /** Opens files in the usual dialect; their columns are those of the first header. */
  public static CsvTable open(RawDatabase database, List<Path> files) {
    return open(database, files, Dialect.COMMA);
  }

  /** Opens files with a header in another dialect. */
  public static CsvTable open(RawDatabase database, List<Path> files, Dialect dialect) {
    List<String> header = header(files.get(0), dialect);
    for (Path file : files) {
      List<String> own = header(file, dialect);
      if (!header.equals(own)) {
        throw differentColumns(file, own, files.get(0), header);
      }
    }
    return new CsvTable(database, files, dialect, header);
  }

  private static List<String> header(Path file, Dialect dialect) {
    String line = TextFile.firstLine(file);
    if (line.isBlank()) {
      throw new MsrException(
          ErrorType.DATA,
          "data/MISSING_COLUMN",
          file
              + " has an empty first line, where the names of its columns belong. Write them there;"
              + " if it was downloaded, download it again.");
    }
    return CsvRows.values(line, dialect)
        .orElseThrow(
            () ->
                new MsrException(
                    ErrorType.DATA,
                    "data/MALFORMED_ROW",
                    file + ", line 1: a quoted value does not end. Fix the line."));
  }

  /** Opens files without a header. */
  public static CsvTable headless(
      RawDatabase database, List<Path> files, Dialect dialect, List<String> columns) {
    files.forEach(TextFile::requireText);
    CsvTable table = new CsvTable(database, files, dialect, columns);
    table.read.addAll(columns);
    return table;
  }

  /** Says what stands before the fraction of a number: a point, or a comma. */
  public CsvTable decimals(String separator) {
    decimalSeparator = separator;
    return this;
  }

  @Override
  String number(String cell) {
    return decimalSeparator.equals(".")
        ? super.number(cell)
        : super.number(
            "CASE WHEN NOT contains(%1$s, '.') THEN replace(%1$s, %2$s, '.') END"
                .formatted(cell, SqlText.literal(decimalSeparator)));
  }

  @Override
  public List<String> columns() {
    return columns;
  }

  @Override
  String name(String column) {
    return SqlText.identifier(firstOf(column));
  }

  @Override
  String text(String column) {
    return name(column);
  }

  @Override
  void requireTexts(String column) {
    texts.add(column);
  }

  @Override
  String cells(String column, String separator, List<String> missing) {
    return Sql.split(value(column, missing), separator);
  }

  @Override
  boolean isList(String column) {
    return false;
  }

  @Override
  String elements(String column, String list) {
    return list;
  }

  @Override
  List<String> madeReal() {
    List<String> found = new ArrayList<>();
    for (Path file : texts.isEmpty() ? List.<Path>of() : files()) {
      found.addAll(madeReal(file, texts, database.input(input(file, false, false))));
    }
    return found;
  }

  /** Returns whether there is a column, which is then read. */
  public boolean has(String column) {
    if (columns.contains(column)) {
      read.add(column);
    }
    return columns.contains(column);
  }

  /**
   * Returns the files as those of interactions.
   *
   * @param lines whether some lines of a file can be read without the others
   */
  public List<LogFile> log(boolean lines) {
    return files().stream().map(file -> new LogFile(file, dialect.header(), lines)).toList();
  }

  /** Reads columns as the given SQL type; others are text. */
  public CsvTable type(String type, String... names) {
    Arrays.stream(names).filter(this::has).forEach(name -> type(type, name));
    return this;
  }

  private void type(String type, String column) {
    types.put(column, type);
    String text = SqlText.identifier(CsvRows.textOf(column));
    String cast = type.endsWith("[]") ? "list_count(%1$s) = len(%1$s)" : "%s IS NOT NULL";
    rules.refuseOtherThan(
        Sql.typeName(type),
        column,
        text + " IS NULL OR " + cast.formatted(SqlText.identifier(column)),
        text);
  }

  /** Refuses rows in which one of these columns is empty. */
  public CsvTable present(String... names) {
    for (String name : names) {
      rules.add(name, SqlText.identifier(name) + " IS NOT NULL", "a value");
    }
    return this;
  }

  /** Refuses rows in which a condition on a column does not hold. */
  public CsvTable check(String column, String holds, String expected) {
    rules.add(column, holds, expected);
    return this;
  }

  /** Refuses rows whose number in a column is missing, infinite or NaN. */
  public CsvTable finite(String column) {
    return check(column, "isfinite(" + SqlText.identifier(column) + ")", "a number");
  }

  /** Refuses rows whose time is not in seconds since 1970. */
  public CsvTable seconds(String column) {
    return check(column, Sql.isSeconds(SqlText.identifier(column)), "a time in seconds since 1970");
  }

  /** Refuses rows whose time is not in milliseconds since 1970. */
  public CsvTable milliseconds(String column) {
    return check(
        column,
        Sql.isMilliseconds(SqlText.identifier(column)),
        "a time in milliseconds since 1970");
  }

  /** Fails if a column is not in the header. */
  public CsvTable require(String... names) {
    for (String name : names) {
      firstOf(name);
    }
    return this;
  }

  /** Returns the first name in the header, of several that releases have for a column. */
  public String firstOf(String... names) {
    for (String name : names) {
      if (has(name)) {
        requireOnce(name);
        return name;
      }
    }
    throw missingColumn(files().get(0), List.of(names), columns, otherDelimiter(List.of(names)));
  }

  /** Says by what the header is separated, if it has a column of these names then. */
  private String otherDelimiter(List<String> names) {
    String header = String.join(dialect.delimiter(), columns);
    for (String other : DELIMITERS) {
      Dialect by = new Dialect(other, dialect.quote(), true, dialect.charset());
      boolean fits =
          CsvRows.values(header, by).stream().flatMap(List::stream).anyMatch(names::contains);
      if (fits) {
        return " Its columns are separated by '%s', which the reader table takes as dataset.delimiter."
            .formatted(other.replace("\t", "\\t"));
      }
    }
    return "";
  }

  private void requireOnce(String column) {
    if (Collections.frequency(columns, column) > 1) {
      throw new MsrException(
          ErrorType.DATA,
          "data/REPEATED_COLUMN",
          "%s, line 1: the column '%s' occurs more than once. Rename one of them."
              .formatted(files().get(0), column));
    }
  }

  @Override
  Collection<String> readColumns() {
    return read;
  }

  @Override
  String rows() {
    boolean strict = !database.skipsMalformed();
    return files().stream()
        .map(file -> rows(input(file, strict, false)))
        .collect(joining(" UNION ALL ", "(", ")"));
  }

  @Override
  List<FileScan> fileScans() {
    return files().stream()
        .map(
            file ->
                new FileScan(
                    file,
                    "(" + rows(input(file, false, true)) + ")",
                    SqlText.identifier(CsvRows.ROW),
                    "line"))
        .toList();
  }

  private String rows(CsvRows rows) {
    String shown = rows.shown() ? ", " + SqlText.identifier(CsvRows.ROW) : "";
    return "SELECT %s, %s%s, %s FROM %s"
        .formatted(
            TableInput.LINE,
            SqlText.identifier(TextInput.FAULT),
            shown,
            read.stream().map(column -> typed(column, rows.strict())).collect(joining(", ")),
            database.input(rows));
  }

  private CsvRows input(Path file, boolean strict, boolean shown) {
    return new CsvRows(file, dialect, columns, read, wholeNumberColumns(), strict, shown);
  }

  private Set<String> wholeNumberColumns() {
    return types.keySet().stream().filter(this::isWhole).collect(toSet());
  }

  private boolean isWhole(String column) {
    return "BIGINT".equals(types.get(column));
  }

  /** Returns a column of a type, and the text that it has in a lenient query. */
  private String typed(String column, boolean strict) {
    String name = SqlText.identifier(column);
    if (!types.containsKey(column)) {
      return name;
    }
    String text = SqlText.identifier(CsvRows.textOf(column));
    String cast =
        (strict ? "CAST(%s AS %s)" : "TRY_CAST(%s AS %s)")
            .formatted(isWhole(column) ? text : name, types.get(column));
    String value = isWhole(column) ? "coalesce(" + name + ", " + cast + ")" : cast;
    String given = isWhole(column) ? text : name + " AS " + text;
    return value + " AS " + name + (strict ? "" : ", " + given);
  }
}
