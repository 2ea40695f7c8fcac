package org.llm4msr.plugins.datasets.table;

import java.util.List;
import org.llm4msr.api.data.RawSchema;
import org.llm4msr.plugins.datasets.sql.Sql;
import org.llm4msr.plugins.datasets.sql.TableInput;
import org.llm4msr.toolkit.database.SqlText;

/** The further labels of interactions. */
final class FurtherLabels {

  private final List<TableConfig.Label> labels;
  private final List<String> missing;

  FurtherLabels(TableConfig config) {
    labels = config.labels();
    missing = config.missingValues();
  }

  /** Returns their names. */
  List<String> names() {
    return labels.stream().map(TableConfig.Label::name).toList();
  }

  /** Adds their columns to those of interactions. */
  void addTo(TableInput input, List<String> columns) {
    for (TableConfig.Label label : labels) {
      String column = SqlText.identifier(RawSchema.labelColumn(label.name()));
      columns.add(value(input, label) + " AS " + column);
    }
  }

  private String value(TableInput input, TableConfig.Label label) {
    String column = label.column() == null ? label.name() : label.column();
    String number = input.number(column, missing, ValueAdvice::ofNumber);
    if (label.positiveAbove() == null) {
      String holds = "(%1$s IS NULL OR %1$s IN (0, 1))".formatted(number);
      input.requireThat(column, holds, "0, 1 or empty");
      return number;
    }
    String holds = "(%1$s IS NULL OR isfinite(%1$s))".formatted(number);
    input.requireThat(column, holds, "a number or empty");
    return "CASE WHEN %s IS NOT NULL THEN %s END"
        .formatted(number, Sql.above(number, label.positiveAbove()));
  }
}
