package org.llm4msr.runtime.data.nodes;

import java.util.List;
import org.llm4msr.runtime.data.database.PreparationDatabase;

/**
 * The encoded lists of all lists of values of a field; unknown elements are left out. All but names
 * is SQL.
 *
 * @param home the table with the values
 * @param column of the values there
 * @param table that is made, of {@code value} and {@code ids}
 * @param vocabulary the table of the ids
 * @param none an encoded list that is null, for its type
 * @param text of an {@code element}
 * @param encoded the list of the ids {@code v.id} of an {@code element} each, by {@code place}
 */
public record ListTable(
    String home,
    String column,
    String table,
    String vocabulary,
    String none,
    String text,
    String encoded) {

  private static final long ELEMENTS_AT_ONCE = 1 << 20;

  /** Takes what {@link #texts} returns. */
  static ListTable of(List<String> texts) {
    return new ListTable(
        texts.get(0),
        texts.get(1),
        texts.get(2),
        texts.get(3),
        texts.get(4),
        texts.get(5),
        texts.get(6));
  }

  /** Returns the components, to send them. */
  List<String> texts() {
    return List.of(home, column, table, vocabulary, none, text, encoded);
  }

  /** Makes the table. */
  public void make(PreparationDatabase database) {
    database.execute(
        "CREATE TABLE raw_lists AS SELECT DISTINCT %1$s AS value FROM %2$s WHERE %1$s IS NOT NULL"
            .formatted(column, home));
    database.execute(
        "CREATE TABLE %s AS SELECT value, %s AS ids FROM raw_lists LIMIT 0".formatted(table, none));
    long lists = database.queryLong("SELECT count(*) FROM raw_lists");
    long elements = database.queryLong("SELECT sum(len(value))::BIGINT FROM raw_lists");
    long step = Math.max(1, ELEMENTS_AT_ONCE * lists / Math.max(1, elements));
    for (long from = 0; from < lists; from += step) {
      make(database, from, from + step);
    }
    database.execute("DROP TABLE raw_lists");
  }

  /** Lists are built in memory, so only some at a time. */
  private void make(PreparationDatabase database, long from, long to) {
    database.execute(
        """
        INSERT INTO %s
        SELECT r.value, e.ids FROM raw_lists r JOIN (
          SELECT n, %5$s AS ids FROM (
            SELECT rowid AS n, unnest(value) AS element, generate_subscripts(value, 1) AS place
            FROM raw_lists WHERE rowid >= %2$s AND rowid < %3$s)
          JOIN %4$s v ON %6$s = v.value GROUP BY n) e ON r.rowid = e.n
        WHERE r.rowid >= %2$s AND r.rowid < %3$s
        """
            .formatted(table, from, to, vocabulary, encoded, text));
  }
}
