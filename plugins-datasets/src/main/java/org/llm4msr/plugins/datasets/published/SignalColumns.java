package org.llm4msr.plugins.datasets.published;

import java.util.List;
import org.llm4msr.api.data.RawSchema;
import org.llm4msr.plugins.datasets.sql.CsvTable;
import org.llm4msr.toolkit.database.SqlText;

/** Columns of a log that are further labels under their own names. */
final class SignalColumns {

  private SignalColumns() {}

  /** Returns them in SQL, each with a comma after it; values other than 0 and 1 are refused. */
  static String of(CsvTable log, List<String> labels) {
    for (String label : labels) {
      String column = SqlText.identifier(label);
      log.require(label).type("BIGINT", label).check(label, column + " IN (0, 1)", "0 or 1");
    }
    return of(labels);
  }

  /** Returns the columns of a query that has checked them. */
  static String of(List<String> labels) {
    StringBuilder columns = new StringBuilder();
    for (String label : labels) {
      columns.append(
          "%s::TINYINT AS %s, ".formatted(SqlText.identifier(label), RawSchema.labelColumn(label)));
    }
    return columns.toString();
  }

  /** Returns the columns of rows of which no label is known. */
  static String unknown(List<String> labels) {
    StringBuilder columns = new StringBuilder();
    for (String label : labels) {
      columns.append("NULL::TINYINT AS %s, ".formatted(RawSchema.labelColumn(label)));
    }
    return columns.toString();
  }
}
