package org.llm4msr.plugins.datasets;

import static java.util.stream.Collectors.joining;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A file of objects, one a line, in JSON or as Python literals. Lines are read as text and taken
 * apart by DuckDB's JSON functions, so that a fault is named with its line, key and value.
 */
final class JsonLines {

  /** Types in the notation of json_transform. */
  static final String TEXT = "\"VARCHAR\"";

  static final String NUMBER = "\"DOUBLE\"";
  static final String WHOLE = "\"BIGINT\"";
  static final String TEXTS = "[\"VARCHAR\"]";
  static final String LISTS = "[[\"VARCHAR\"]]";

  private final Path file;
  private final Optional<ArrowInput> python;
  private final List<Column> columns = new ArrayList<>();

  private record Column(String name, String type, boolean required, List<String> keys) {}

  private JsonLines(Path file, Optional<ArrowInput> python) {
    this.file = file;
    this.python = python;
  }

  /** Opens a file. Python writes a key in single quotes, JSON in double ones. */
  static JsonLines open(Path file) {
    boolean python = TextFile.firstLine(file).stripLeading().startsWith("{'");
    return new JsonLines(
        file, python ? Optional.of(new PythonLines(file, "python:" + file)) : Optional.empty());
  }

  Path file() {
    return file;
  }

  /** Returns what the query reads beside files. */
  Optional<ArrowInput> arrowInput() {
    return python;
  }

  /** Reads a column that every object has, under the first of these keys. */
  JsonLines required(String name, String type, String... keys) {
    columns.add(new Column(name, type, true, List.of(keys)));
    return this;
  }

  /** Reads a column that objects may lack. */
  JsonLines optional(String name, String type, String... keys) {
    columns.add(new Column(name, type, false, List.of(keys)));
    return this;
  }

  /** Returns a query of the line number {@code n} and the columns. */
  String query() {
    Map<String, String> types = new LinkedHashMap<>();
    for (Column column : columns) {
      column.keys().forEach(key -> types.put(key, column.type()));
    }
    String structure =
        types.entrySet().stream()
            .map(type -> '"' + type.getKey() + "\":" + type.getValue())
            .collect(joining(",", "{", "}"));
    String values = columns.stream().map(this::value).collect(joining(", "));
    return "SELECT n, %s FROM (SELECT n, line, CASE WHEN json_valid(line) THEN json_transform(line, %s) ELSE %s END AS o FROM (%s) WHERE line IS NOT NULL)"
        .formatted(
            values,
            Sql.literal(structure),
            error("'Not an object: ' || left(line, 80)", ""),
            lines());
  }

  private String lines() {
    return python
        .map(input -> "SELECT n, line FROM " + Sql.name(input.name()))
        .orElse(
            "SELECT row_number() OVER () AS n, line FROM read_csv(["
                + Sql.path(file)
                + "], auto_detect=false, header=false, columns={'line': 'VARCHAR'}, delim='\\x01',"
                + " quote='', escape='', strict_mode=false)");
  }

  private String value(Column column) {
    String value =
        column.keys().stream()
            .map(key -> "o." + Sql.name(key))
            .collect(joining(", ", "coalesce(", ")"));
    String given =
        column.keys().stream()
            .map(key -> "json_extract_string(line, " + Sql.literal("$." + key) + ")")
            .collect(joining(", ", "coalesce(", ")"));
    String type = column.type().contains("[") ? "VARCHAR[]" : column.type().replace("\"", "");
    String wrong =
        error(
            "'Could not convert string \"' || left(%s, 80) || '\" to ''%s'''"
                .formatted(given, type),
            column.keys().get(0));
    String missing = error("'Missing value'", column.keys().get(0));
    String usable = type.equals("DOUBLE") ? "isfinite(" + value + ")" : value + " IS NOT NULL";
    return "CASE WHEN %s THEN %s WHEN %s IS NOT NULL THEN %s%s END AS %s"
        .formatted(
            usable,
            value,
            given,
            wrong,
            column.required() ? " ELSE " + missing : "",
            Sql.name(column.name()));
  }

  /** Returns a call that ends the query with a message that {@link RawErrors} understands. */
  private String error(String message, String key) {
    return "error('%s' || n || chr(10) || %s || chr(10) || %s)"
        .formatted(
            RawErrors.ROW_ERROR,
            message,
            Sql.literal("  file = " + file + "\n  column = " + key + "\n"));
  }
}
