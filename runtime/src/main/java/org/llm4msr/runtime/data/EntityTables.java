package org.llm4msr.runtime.data;

import java.util.ArrayList;
import java.util.List;
import org.llm4msr.api.data.RawTable;

/**
 * Users and items with their indices. Those of the training part come first, by key: what happens
 * in the other parts does not move them.
 */
final class EntityTables {

  private EntityTables() {}

  /** Returns the table of indices, texts and raw field values of users or items. */
  static String raw(RawTable table) {
    return RawTables.name(table) + "_raw";
  }

  /** Returns the table of indices and encoded field values of users or items. */
  static String encoded(RawTable table) {
    return RawTables.name(table) + "_encoded";
  }

  /** Makes the table of indices, texts and raw values. */
  static void index(
      PreparationDatabase database, RawTable table, List<FieldPlan> fields, long trainingRows) {
    String key = table == RawTable.USERS ? "u" : "i";
    String counted =
        "(SELECT "
            + key
            + " AS k, count(*) FILTER (rowid < "
            + trainingRows
            + ") AS training_rows FROM ordered GROUP BY "
            + key
            + ")";
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
            + " AS SELECT (row_number() OVER (ORDER BY c.training_rows > 0 DESC, c.k) - 1)::INTEGER"
            + " AS idx, c.k, c.training_rows, coalesce(r.text, '') AS text"
            + columns
            + " FROM "
            + counted
            + " c LEFT JOIN "
            + RawTables.name(table)
            + " r ON c.k = r.k");
    database.execute("DROP TABLE " + RawTables.name(table));
  }

  /** Makes the table of encoded values. */
  static void encode(PreparationDatabase database, RawTable table, List<FieldEncoder> encoders) {
    List<FieldEncoder> own =
        encoders.stream().filter(encoder -> encoder.plan().home() == table).toList();
    List<String> columns = new ArrayList<>(List.of("h.idx"));
    own.forEach(encoder -> columns.add(encoder.value() + " AS " + encoder.plan().encoded()));
    database.execute(
        "CREATE TABLE "
            + encoded(table)
            + " AS SELECT "
            + String.join(", ", columns)
            + " FROM "
            + raw(table)
            + " h"
            + FieldEncoder.joins(own));
  }
}
