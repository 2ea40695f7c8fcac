package org.llm4msr.plugins.datasets;

import java.nio.file.Path;

/** Writes values into SQL. */
final class Sql {

  private Sql() {}

  /** Returns a text literal. */
  static String literal(String text) {
    return "'" + text.replace("'", "''") + "'";
  }

  /** Returns a quoted identifier. */
  static String name(String identifier) {
    return '"' + identifier.replace("\"", "\"\"") + '"';
  }

  /** Returns a literal that names exactly this file, though DuckDB reads patterns. */
  static String path(Path file) {
    return literal(file.toString().replaceAll("[\\[*?]", "[$0]"));
  }

  /** Returns a label: 1 where a number is above a threshold, 0 below, null where there is none. */
  static String above(String number, double threshold) {
    return "CASE WHEN isfinite("
        + number
        + ") THEN ("
        + number
        + " > "
        + threshold
        + ")::INTEGER END";
  }
}
