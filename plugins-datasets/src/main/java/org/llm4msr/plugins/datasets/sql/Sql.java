package org.llm4msr.plugins.datasets.sql;

import static java.util.stream.Collectors.joining;

import java.util.List;
import org.llm4msr.plugins.datasets.input.TextInput;
import org.llm4msr.toolkit.database.SqlText;

/** Writes values into SQL. */
public final class Sql {

  /** The number of a value's characters that are shown. */
  static final int LONGEST_VALUE = 80;

  private Sql() {}

  /** Returns the SQL that reads the first row of each key. */
  public static String firstOfEach(String key, String from) {
    return "(SELECT * EXCLUDE (place) FROM (SELECT *, row_number() OVER () AS place FROM %s) QUALIFY row_number() OVER (PARTITION BY %s ORDER BY place) = 1)"
        .formatted(from, key);
  }

  /** Returns whether a value is none of these texts, in SQL. */
  static String isOtherThan(List<String> texts, String value) {
    return texts.stream()
        .map(SqlText::literal)
        .collect(joining(", ", value + "::VARCHAR NOT IN (", ")"));
  }

  /** Returns the SQL that fails on a row if a value is missing. */
  static String required(String value) {
    return "CASE WHEN %1$s IS NULL THEN error('A row lacks a value') ELSE %1$s END"
        .formatted(value);
  }

  /** Returns a label: 1 where a number is above a threshold, 0 below, null if there is none. */
  public static String above(String number, double threshold) {
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
  public static String isMilliseconds(String number) {
    return number + " BETWEEN 315532800000 AND 7258118399999";
  }

  /**
   * Returns a call that ends the query with an error about a row.
   *
   * @param message what is wrong, as a sentence, in SQL
   * @param file the file, in SQL
   * @param line the number of the line, in SQL
   */
  public static String rowError(String message, String file, String line) {
    return "error(%s || %s || ', line ' || %s || ': ' || %s)"
        .formatted(SqlText.literal(TextInput.MALFORMED), file, line, message);
  }

  /** Returns the sentence that a column has a text other than what was expected, in SQL. */
  public static String unlike(String column, String text, String expected) {
    return "%s || left(%s, %s) || %s"
        .formatted(
            SqlText.literal("column '" + column + "' has '"),
            text,
            LONGEST_VALUE,
            SqlText.literal("', which is not " + expected + "."));
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

  /** Returns the parts of a text as a list; an empty text between two separators is not a part. */
  public static String split(String text, String separator) {
    return "list_filter(string_split(%s, %s), lambda part: part <> '')"
        .formatted(text, SqlText.literal(separator));
  }
}
