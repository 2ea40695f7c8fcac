package org.llm4msr.runtime.data.preparation;

import static java.util.stream.Collectors.joining;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.llm4msr.api.data.RawSchema;
import org.llm4msr.runtime.data.arrow.DataErrors;
import org.llm4msr.runtime.data.database.PreparationDatabase;
import org.llm4msr.runtime.data.prepared.LabelNames;
import org.llm4msr.runtime.data.prepared.SplitColumns;

/**
 * The further labels of interactions, the columns {@code y0} and so on of the tables of
 * preparation: 0, 1, or null where a label is not known.
 */
final class LabelColumns {

  private final List<String> names;

  /**
   * Finds them.
   *
   * @throws org.llm4msr.api.MsrException {@code data/LABEL_NAME} for a name that is taken, or has
   *     another form
   */
  LabelColumns(RawSchema schema) {
    names = schema.labels();
    String problem = LabelNames.problem(names);
    if (problem != null) {
      throw DataErrors.data("LABEL_NAME", problem + ". Rename it.");
    }
  }

  /** Returns the columns of interactions that are not known when a prediction is made. */
  static Set<String> outcome(RawSchema schema) {
    Set<String> outcome = new HashSet<>(Set.of(RawSchema.LABEL, RawSchema.SPLIT));
    schema.labels().forEach(label -> outcome.add(RawSchema.labelColumn(label)));
    return outcome;
  }

  /**
   * Returns what makes the columns of raw ones.
   *
   * @param scalar checks a raw column and returns it in SQL
   */
  List<String> selected(UnaryOperator<String> scalar) {
    List<String> selected = new ArrayList<>();
    for (int label = 0; label < names.size(); label++) {
      String raw = scalar.apply(RawSchema.labelColumn(names.get(label)));
      String number = "TRY_CAST(" + raw + " AS DOUBLE)";
      // A value that is neither stays as 2, which requireValues refuses.
      selected.add(
          "CASE WHEN %s IS NULL THEN NULL WHEN %s IN (0, 1) THEN %2$s ELSE 2 END::TINYINT AS y%d"
              .formatted(raw, number, label));
    }
    return selected;
  }

  /** Refuses values other than 0, 1 and null. */
  void requireValues(PreparationDatabase database) {
    for (int label = 0; label < names.size(); label++) {
      RawTables.refuse(
          database,
          "interactions",
          "y" + label + " = 2",
          "a label '%s' other than 0, 1 and null".formatted(names.get(label)),
          "'user ' || u || ' and item ' || i",
          "BAD_LABEL");
    }
  }

  /** Returns what a drawn negative has in place of its positive's: 0 where that is known. */
  String ofNegative() {
    return IntStream.range(0, names.size())
        .mapToObj(
            label ->
                ", CASE WHEN o.y%1$d IS NOT NULL THEN 0 END::TINYINT AS y%1$d".formatted(label))
        .collect(joining());
  }

  /** Returns the columns in SQL, after others. */
  String names() {
    return IntStream.range(0, names.size()).mapToObj(label -> ", y" + label).collect(joining());
  }

  /** Returns the columns with their types in SQL, after others. */
  String types() {
    return IntStream.range(0, names.size())
        .mapToObj(label -> ", y%d TINYINT".formatted(label))
        .collect(joining());
  }

  /** Returns the names of the columns of prepared data. */
  List<String> prepared() {
    return names.stream().map(SplitColumns::label).toList();
  }

  /** Returns the prepared columns of the rows {@code h} in SQL. */
  String stored() {
    return IntStream.range(0, names.size())
        .mapToObj(label -> ", coalesce(h.y%d, -1)::TINYINT".formatted(label))
        .collect(joining());
  }
}
