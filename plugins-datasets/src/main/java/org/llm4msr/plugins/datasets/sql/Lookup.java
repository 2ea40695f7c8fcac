package org.llm4msr.plugins.datasets.sql;

import static java.util.stream.Collectors.joining;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.data.LeftOutRows;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.toolkit.database.SqlText;

/**
 * One value of each user or item, which rows of the interactions look up.
 *
 * @param table which describes them
 * @param name of the table and of its column
 * @param value what the value is, for messages
 * @param query for keys as text, and values
 */
public record Lookup(RawTable table, String name, String value, String query) {

  /** The column of the key. */
  public static final String KEY = "(key)";

  private static final String OTHERS = "(others)";
  private static final String PLACE = SqlText.identifier("(place)");

  /** Returns whether a key is described, in SQL. */
  public String describes(String key) {
    return isAmong(key, "");
  }

  /** Returns whether a key has a value, in SQL. */
  public String hasValue(String key) {
    return isAmong(key, " WHERE " + SqlText.identifier(name) + " IS NOT NULL");
  }

  private String isAmong(String key, String condition) {
    return "%s::VARCHAR IN (SELECT %s FROM %s%s)"
        .formatted(key, SqlText.identifier(KEY), SqlText.identifier(name), condition);
  }

  /** Returns the value of a row of {@link #select}, without which the query fails, in SQL. */
  public String required() {
    return Sql.required(SqlText.identifier(name));
  }

  /**
   * Returns a query for rows with values that they look up, in the order of the rows: joins lose
   * it.
   *
   * @param columns of the result
   * @param rows the source of rows
   * @param keys users and items of the rows
   * @param skip whether rows without a value are left out
   */
  public static String select(
      List<String> columns,
      String rows,
      List<Lookup> lookups,
      Map<RawTable, String> keys,
      boolean skip) {
    String selected = "SELECT " + String.join(", ", columns) + " FROM ";
    if (lookups.isEmpty()) {
      return selected + rows;
    }
    StringBuilder from = new StringBuilder();
    for (Lookup lookup : lookups) {
      String name = SqlText.identifier(lookup.name());
      from.append(
          " LEFT JOIN %1$s ON %2$s::VARCHAR = %1$s.%3$s"
              .formatted(name, keys.get(lookup.table()), SqlText.identifier(KEY)));
    }
    String present =
        lookups.stream()
            .map(lookup -> SqlText.identifier(lookup.name()) + " IS NOT NULL")
            .collect(joining(" AND ", " WHERE ", ""));
    return "(%s(SELECT *, row_number() OVER () AS %s FROM %s)%s%s ORDER BY %2$s)"
        .formatted(selected, PLACE, rows, from, skip ? present : "");
  }

  /** Returns the statement that makes the table; of several values, the first counts. */
  String creation() {
    return "CREATE OR REPLACE TEMP TABLE %1$s AS SELECT %2$s, arg_min(%1$s, place) AS %1$s, greatest(count(DISTINCT %1$s) - 1, 0) AS %3$s FROM (SELECT *, row_number() OVER () AS place FROM (%4$s) AS described(%2$s, %1$s)) GROUP BY %2$s"
        .formatted(
            SqlText.identifier(name), SqlText.identifier(KEY), SqlText.identifier(OTHERS), query);
  }

  /** Returns a query for the keys with several values. */
  String ambiguous() {
    return "SELECT %1$s FROM %2$s WHERE %3$s > 0 ORDER BY %1$s"
        .formatted(SqlText.identifier(KEY), SqlText.identifier(name), SqlText.identifier(OTHERS));
  }

  /** Returns a query for the number of values that do not count. */
  String others() {
    return "SELECT coalesce(sum(%s), 0)::BIGINT FROM %s"
        .formatted(SqlText.identifier(OTHERS), SqlText.identifier(name));
  }

  /** Says what is left out where not all values count. */
  String leftOut() {
    return "%s with another %s, of which the first counts".formatted(tableName(), value);
  }

  /** Returns the error that a key has several values. */
  MsrException refusal(String key, List<LeftOutRows.Example> rows) {
    String places =
        rows.stream()
            .map(row -> "%s, line or row %d".formatted(row.file(), row.line()))
            .collect(joining("; ", ": ", ""));
    return new MsrException(
        ErrorType.DATA,
        "data/DUPLICATE_KEY",
        "Table %s gives '%s' more than one %s%s. Fix the raw data, or set dataset.malformed.policy to skip, which keeps the first."
            .formatted(tableName(), key, value, places));
  }

  private String tableName() {
    return table.name().toLowerCase(Locale.ROOT);
  }
}
