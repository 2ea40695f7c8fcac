package org.llm4msr.plugins.datasets;

import java.nio.file.Path;

/** Writes values into SQL. */
final class Sql {

  private Sql() {}

  /** Returns a text as a literal; a raw zero character would end the SQL. */
  static String literal(String text) {
    return "'" + text.replace("'", "''").replace("\0", "' || chr(0) || '") + "'";
  }

  /** Returns a quoted identifier. */
  static String name(String identifier) {
    return '"' + identifier.replace("\"", "\"\"") + '"';
  }

  /** Returns a literal that names exactly this file, though DuckDB reads patterns. */
  static String path(Path file) {
    return literal(file.toString().replaceAll("[\\[*?]", "[$0]"));
  }

  /** Returns the SQL that reads the first row of each key. */
  static String firstOfEach(String key, String from) {
    return "(SELECT * EXCLUDE (place) FROM (SELECT *, row_number() OVER () AS place FROM %s) QUALIFY row_number() OVER (PARTITION BY %s ORDER BY place) = 1)"
        .formatted(from, key);
  }

  /** Returns a label: 1 where a number is above a threshold, 0 below, null if there is none. */
  static String above(String number, double threshold) {
    return "CASE WHEN isfinite("
        + number
        + ") THEN ("
        + number
        + " > "
        + threshold
        + ")::INTEGER END";
  }

  /** Returns whether a number can be seconds since 1970: milliseconds would lie beyond 2200. */
  static String isSeconds(String number) {
    return number + " BETWEEN 0 AND 7258118399";
  }

  /** Returns whether a number can be milliseconds since 1970, of a time from 1980 to 2200. */
  static String isMilliseconds(String number) {
    return number + " BETWEEN 315532800000 AND 7258118399999";
  }

  /**
   * Returns a call that ends the query with a message that {@link RawErrors} understands.
   *
   * @param message what is wrong, in SQL; see {@link #unlike}
   * @param file the file, in SQL
   * @param line the number of the line, in SQL
   * @param column the column as the file names it
   */
  static String rowError(String message, String file, String line, String column) {
    return "error(%s || %s || chr(10) || %s || chr(10) || '  file = ' || %s || chr(10) || %s)"
        .formatted(
            literal(RawErrors.ROW_ERROR),
            line,
            message,
            file,
            literal("  column = " + column + "\n"));
  }

  /** Returns, in SQL, the message that a text is not what was expected. */
  static String unlike(String text, String expected) {
    return "'Could not convert string \"' || left(%s, 80) || %s"
        .formatted(text, literal("\" to '" + expected + "'"));
  }

  /** Returns the parts of a text as a list; an empty text between two separators is not a part. */
  static String split(String text, String separator) {
    return "list_filter(string_split(%s, %s), lambda part: part <> '')"
        .formatted(text, literal(separator));
  }
}
