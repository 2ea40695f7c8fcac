package org.llm4msr.plugins.datasets.table;

import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.llm4msr.plugins.datasets.table.TableConfig.Kind;
import org.llm4msr.plugins.datasets.table.TableConfig.TableField;

/** The columns that are emitted for fields. Those that read one column alike have one. */
final class FieldColumns {

  /** What begins their names: the user's columns may be called 'time'. */
  static final String FIELD = "field_";

  private static final String WEIGHTS = ".weights";

  private final Map<Source, String> names = new HashMap<>();

  /** What decides on the values of a column. */
  private record Source(
      Object table,
      String column,
      Kind form,
      List<String> missing,
      @Nullable String weights,
      @Nullable String mark) {

    static Source of(TableField field) {
      return new Source(
          field.table(),
          Objects.requireNonNull(field.column()),
          switch (field.kind()) {
            case CATEGORICAL, HASHED -> Kind.CATEGORICAL;
            case MULTI_CATEGORICAL, MULTI_HASHED -> Kind.MULTI_CATEGORICAL;
            case NUMERIC, BUCKETED -> Kind.NUMERIC;
            case VECTOR -> Kind.VECTOR;
          },
          field.missingValues(),
          field.weights(),
          field.weightMark());
    }
  }

  FieldColumns(List<TableField> fields) {
    for (TableField field : fields) {
      if (isRead(field)) {
        names.putIfAbsent(Source.of(field), FIELD + TableFormat.name(field));
      }
    }
  }

  /** Returns whether a field has a column of a table. */
  private static boolean isRead(TableField field) {
    return field.column() != null && field.file() == null && field.cross().isEmpty();
  }

  /** Returns the column of a field. */
  String of(TableField field) {
    return isRead(field)
        ? Objects.requireNonNull(names.get(Source.of(field)))
        : FIELD + TableFormat.name(field);
  }

  /** Returns whether a field's column is called after it, and no other field. */
  boolean isFirst(TableField field) {
    return of(field).equals(FIELD + TableFormat.name(field));
  }

  /** Returns the column of the weights of a field's lists; null without. */
  @Nullable String weightsOf(TableField field) {
    return field.weights() == null && field.weightMark() == null ? null : of(field) + WEIGHTS;
  }

  static void requireWeights(TableField field) {
    boolean isList = field.kind() == Kind.MULTI_CATEGORICAL || field.kind() == Kind.MULTI_HASHED;
    boolean isWeighted = field.weights() != null || field.weightMark() != null;
    if (isWeighted && (!isList || (field.weights() != null && field.weightMark() != null))) {
      throw TableFormat.wrongUse(
          "The field %s is %s; only lists have weights, and either in a column or after a mark."
              .formatted(
                  TableFormat.name(field),
                  field.kind().name().toLowerCase(Locale.ROOT).replace('_', '-')));
    }
  }
}
