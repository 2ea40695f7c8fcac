package org.llm4msr.plugins.datasets.sql;

import static java.util.stream.Collectors.joining;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.CharBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.llm4msr.plugins.datasets.input.ArrowInput;
import org.llm4msr.plugins.datasets.input.LineRows;
import org.llm4msr.plugins.datasets.input.PythonLines;
import org.llm4msr.plugins.datasets.input.TextFile;
import org.llm4msr.plugins.datasets.input.TextInput;
import org.llm4msr.toolkit.database.SqlText;

/**
 * A file of objects, one per line, in JSON or as Python literals. Lines are read as text and parsed
 * by DuckDB's JSON functions, so that a fault is named with its line, key and value.
 */
public final class JsonLines {

  /** Types in the notation of json_transform. */
  public static final String TEXT = "\"VARCHAR\"";

  public static final String NUMBER = "\"DOUBLE\"";
  private static final String WHOLE = "\"BIGINT\"";
  public static final String TEXTS = "[\"VARCHAR\"]";
  public static final String LISTS = "[[\"VARCHAR\"]]";

  private static final Pattern FIRST_KEY = Pattern.compile("\\{\\s*(['\"])");

  private final RawDatabase database;
  private final Path file;
  private final boolean python;
  private final List<Column> columns = new ArrayList<>();

  /**
   * A column.
   *
   * @param holds the condition on a usable value, in SQL
   * @param expected what a value should be, in words
   */
  private record Column(
      String name,
      String type,
      boolean required,
      List<String> keys,
      String holds,
      String expected) {

    static Column of(String name, String type, boolean required, String... keys) {
      String any = Sql.typeName(type.contains("[") ? "VARCHAR[]" : type.replace("\"", ""));
      if (type.equals(NUMBER)) {
        return new Column(name, type, required, List.of(keys), "isfinite(%s)", any);
      }
      return required && type.equals(TEXT)
          ? new Column(name, type, true, List.of(keys), "%s <> ''", "a value")
          : new Column(name, type, required, List.of(keys), "%s IS NOT NULL", any);
    }
  }

  private JsonLines(RawDatabase database, Path file, boolean python) {
    this.database = database;
    this.file = file;
    this.python = python;
  }

  /** Opens a file. */
  public static JsonLines open(RawDatabase database, Path file) {
    TextFile.requireText(file);
    return new JsonLines(database, file, isPython(file));
  }

  /** Python writes a key in single quotes, JSON in double ones. */
  private static boolean isPython(Path file) {
    try (BufferedReader text = TextFile.open(file)) {
      char[] start = new char[1 << 16];
      int read = Math.max(0, text.read(start));
      Matcher key = FIRST_KEY.matcher(CharBuffer.wrap(start, 0, read));
      return key.find() && key.group(1).equals("'");
    } catch (IOException e) {
      throw TextFile.unreadable(file, e);
    }
  }

  /** Reads a column that every object has, under the first of these keys. */
  public JsonLines required(String name, String type, String... keys) {
    columns.add(Column.of(name, type, true, keys));
    return this;
  }

  /**
   * Reads a time that every object has: seconds since 1970 as {@code unixReviewTime}, else
   * milliseconds.
   */
  public JsonLines time(String name, String... keys) {
    boolean seconds = keys[0].equals("unixReviewTime");
    String holds = seconds ? Sql.isSeconds("%s") : Sql.isMilliseconds("%s");
    String expected = "a time in " + (seconds ? "" : "milli") + "seconds since 1970";
    columns.add(new Column(name, WHOLE, true, List.of(keys), holds, expected));
    return this;
  }

  /** Reads a column that objects may lack. */
  public JsonLines optional(String name, String type, String... keys) {
    columns.add(Column.of(name, type, false, keys));
    return this;
  }

  /** Returns a query for the line number {@code n} and the columns, without skipped lines. */
  public String query() {
    String values =
        columns.stream()
            .map(column -> checked(column) + " AS " + SqlText.identifier(column.name()))
            .collect(joining(", "));
    String otherwise = rowError("coalesce(fault, 'Not an object: ' || left(raw, 80) || '.')");
    return "SELECT n, %s FROM (%s)%s"
        .formatted(
            values,
            objects(database.skipsMalformed() ? "NULL" : otherwise),
            database.skipsMalformed() ? " WHERE NOT (" + malformed() + ")" : "");
  }

  /** Returns a query for the skipped lines, see {@link ReportedRows}. */
  String skipped() {
    String column =
        columns.stream()
            .map(of -> "WHEN %s THEN %s".formatted(wrong(of), SqlText.literal(of.keys().get(0))))
            .collect(joining(" ", "CASE WHEN line IS NULL THEN '' ", " END"));
    return "SELECT %s AS file, n, %s AS name, left(raw, %s) AS text FROM (%s) WHERE %s"
        .formatted(
            SqlText.literal(file.toString()),
            column,
            ReportedRows.MOST_TEXT,
            objects("NULL"),
            malformed());
  }

  /**
   * Returns a query for n, the unchanged line {@code raw}, the line if it is JSON, and its object
   * {@code o}.
   */
  private String objects(String otherwise) {
    Map<String, String> types = new LinkedHashMap<>();
    for (Column column : columns) {
      column.keys().forEach(key -> types.put(key, column.type()));
    }
    String structure =
        types.entrySet().stream()
            .map(type -> '"' + type.getKey() + "\":" + type.getValue())
            .collect(joining(",", "{", "}"));
    ArrowInput lines = new LineRows(file);
    return "SELECT *, json_transform(line, %s) AS o FROM (SELECT *, CASE WHEN fault IS NULL AND json_valid(raw) THEN raw ELSE %s END AS line FROM (SELECT %s AS n, %s AS fault, %s AS raw FROM %s) WHERE raw IS NOT NULL)"
        .formatted(
            SqlText.literal(structure),
            otherwise,
            TableInput.LINE,
            SqlText.identifier(TextInput.FAULT),
            SqlText.identifier(LineRows.TEXT),
            database.input(python ? new PythonLines(lines, LineRows.TEXT) : lines));
  }

  private String checked(Column column) {
    String value = value(column);
    if (database.skipsMalformed()) {
      return value;
    }
    String key = column.keys().get(0);
    String unlike = rowError(Sql.unlike(key, extracted(column), column.expected()));
    String missing = rowError(SqlText.literal("column '" + key + "' is missing."));
    return "CASE WHEN %s THEN %s WHEN %s IS NOT NULL THEN %s%s END"
        .formatted(
            usable(column),
            value,
            extracted(column),
            unlike,
            column.required() ? " ELSE " + missing : "");
  }

  private String malformed() {
    return columns.stream().map(this::wrong).collect(joining(" OR ", "line IS NULL OR ", ""));
  }

  private String wrong(Column column) {
    String needed = column.required() ? "true" : extracted(column) + " IS NOT NULL";
    return "(NOT coalesce(%s, false) AND %s)".formatted(usable(column), needed);
  }

  private static String usable(Column column) {
    return column.holds().formatted(value(column));
  }

  private static String value(Column column) {
    return column.keys().stream()
        .map(key -> "o." + SqlText.identifier(key))
        .collect(joining(", ", "coalesce(", ")"));
  }

  private static String extracted(Column column) {
    return column.keys().stream()
        .map(key -> "json_extract_string(line, " + SqlText.literal("$." + key) + ")")
        .collect(joining(", ", "coalesce(", ")"));
  }

  private String rowError(String message) {
    return Sql.rowError(message, SqlText.literal(file.toString()), "n");
  }
}
