package org.llm4msr.runtime.data.preparation;

import java.util.ArrayList;
import java.util.List;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.runtime.data.database.PreparationDatabase;
import org.llm4msr.runtime.data.keys.OddKeys;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Users and items with their indices. Those of the training part come first, by key, so that the
 * other parts do not change their indices.
 */
final class EntityTables {

  private static final Logger LOG = LoggerFactory.getLogger(EntityTables.class);

  private static final String PAST_ITEMS = "past_items";

  private EntityTables() {}

  /** Returns the table of indices, texts and raw field values of users or items. */
  static String raw(RawTable table) {
    return RawTables.name(table) + "_raw";
  }

  /** Returns the table of indices and encoded field values of users or items. */
  static String encoded(RawTable table) {
    return RawTables.name(table) + "_encoded";
  }

  /**
   * Keeps the past of users with rows, in scenarios that there are, and makes the table of the
   * items that it alone has. Without a past, no row is looked at.
   *
   * @param extend whether those of {@link BaseData} are known
   */
  static void keepPast(PreparationDatabase database, boolean extend) {
    database.execute("CREATE TABLE " + PAST_ITEMS + "(k VARCHAR)");
    if (database.queryLong("SELECT count(*) FROM " + RawTables.PAST) == 0) {
      return;
    }
    database.execute(
        "DELETE FROM %s WHERE u NOT IN (SELECT DISTINCT u FROM ordered) OR s NOT IN (SELECT s FROM ranks)"
            .formatted(RawTables.PAST));
    database.execute(
        "INSERT INTO %s SELECT DISTINCT i FROM %s WHERE i NOT IN (SELECT DISTINCT i FROM ordered)%s"
            .formatted(
                PAST_ITEMS,
                RawTables.PAST,
                extend
                    ? " AND i NOT IN (SELECT k FROM " + BaseData.entities(RawTable.ITEMS) + ")"
                    : ""));
  }

  /**
   * Makes the table of indices, texts and raw values.
   *
   * @param extend whether those of {@link BaseData} are included
   */
  static void index(
      PreparationDatabase database,
      RawTable table,
      List<FieldPlan> fields,
      long trainingRows,
      boolean extend) {
    String key = table == RawTable.USERS ? "u" : "i";
    // Numbered by sorting keys only: a window over whole rows would hold them in memory.
    database.execute(
        "CREATE TABLE numbered AS SELECT * FROM (SELECT "
            + key
            + " AS k, count(*) FILTER (rowid < "
            + trainingRows
            + ") AS training_rows, count(*) FILTER (NOT drawn AND rowid < "
            + trainingRows
            + ") AS logged_rows FROM ordered GROUP BY "
            + key
            + (extend ? alsoKnown(table, key) : "")
            + (table == RawTable.ITEMS ? " UNION ALL SELECT k, 0, 0 FROM " + PAST_ITEMS : "")
            + ") ORDER BY training_rows > 0 DESC, k");
    StringBuilder columns = new StringBuilder();
    for (FieldPlan field : fields) {
      if (field.home() == table) {
        columns.append(", ").append(field.isKey() ? "c.k" : "r." + field.column());
        columns.append(" AS ").append(field.column());
      }
    }
    database.execute(
        "CREATE TABLE "
            + raw(table)
            + " AS SELECT c.rowid::INTEGER AS idx, c.k, c.training_rows, c.logged_rows, r.k IS NOT"
            + " NULL AS described, coalesce(r.text, "
            + (extend ? "b.text, " : "")
            + "'') AS text"
            + columns
            + " FROM numbered c LEFT JOIN "
            + RawTables.name(table)
            + " r ON c.k = r.k"
            + (extend ? baseJoin(table, "c") : ""));
    database.execute("DROP TABLE numbered");
    warnOfStrangers(database, table);
    OddKeys.warn(database, raw(table), RawTables.name(table));
    database.execute("DROP TABLE " + RawTables.name(table));
  }

  /** If two files write the same ids differently, all features would be empty. */
  private static void warnOfStrangers(PreparationDatabase database, RawTable table) {
    boolean described = database.queryLong("SELECT count(*) FROM " + RawTables.name(table)) > 0;
    if (described
        && database.queryLong("SELECT count(*) FROM " + raw(table) + " WHERE described") == 0) {
      LOG.warn(
          "None of the {} of the interactions is described: all their features and texts are missing. Compare how the tables write their ids, which begin with '{}' and '{}'.",
          table == RawTable.USERS ? "users" : "items",
          smallestKey(database, raw(table)),
          smallestKey(database, RawTables.name(table)));
    }
  }

  private static String smallestKey(PreparationDatabase database, String table) {
    String query = "SELECT min(k) FROM " + table;
    return database.query(query, row -> String.valueOf(row.getString(1))).get(0);
  }

  private static String alsoKnown(RawTable table, String key) {
    return " UNION ALL SELECT k, 0, 0 FROM %s b WHERE NOT EXISTS (SELECT 1 FROM ordered o WHERE o.%s = b.k)"
        .formatted(BaseData.entities(table), key);
  }

  private static String baseJoin(RawTable table, String from) {
    return " LEFT JOIN %s b ON %s.k = b.k".formatted(BaseData.entities(table), from);
  }

  /**
   * Makes the table of encoded values.
   *
   * @param extend whether {@link BaseData} supplies what the new data does not describe
   */
  static void encode(
      PreparationDatabase database, RawTable table, List<FieldEncoder> encoders, boolean extend) {
    List<FieldEncoder> own =
        encoders.stream().filter(encoder -> encoder.plan().home() == table).toList();
    List<String> columns = new ArrayList<>(List.of("h.idx"));
    for (FieldEncoder encoder : own) {
      String value = encoder.value();
      String column = encoder.plan().encoded();
      if (extend && !encoder.plan().isKey()) {
        value =
            "CASE WHEN h.described OR b.k IS NULL THEN %s ELSE b.%s END".formatted(value, column);
      }
      columns.add(encoder.stored(value) + " AS " + column);
    }
    database.execute(
        "CREATE TABLE "
            + encoded(table)
            + " AS SELECT "
            + String.join(", ", columns)
            + " FROM "
            + raw(table)
            + " h"
            + FieldEncoder.joins(own)
            + (extend ? baseJoin(table, "h") : ""));
  }
}
