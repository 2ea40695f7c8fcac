package org.llm4msr.runtime.data.preparation;

import org.llm4msr.api.data.RawTable;
import org.llm4msr.runtime.batch.FieldValues.IdLists;
import org.llm4msr.runtime.data.database.PreparationDatabase;

/**
 * Lists whose elements have weights, in SQL: raw ones are lists of {@code text} and {@code weight},
 * encoded ones a pair of {@code ids} and {@code weights}. What has no weight has 1. An element that
 * is missing or has the weight 0 is left out.
 */
final class ListWeights {

  /** Smaller ones are 0 as float32, or divide by it. */
  private static final String SMALLEST = "1e-30";

  private static final String IS_BAD =
      "NOT (e.weight BETWEEN 0 AND " + IdLists.LARGEST_WEIGHT + ")";

  /** An element that {@link #refuse} finds. */
  private static final String BAD = "[{'text': NULL::VARCHAR, 'weight': -1::DOUBLE}]";

  private ListWeights() {}

  /**
   * Returns raw lists.
   *
   * @param texts a list of texts
   * @param weights a list of numbers
   */
  static String raw(String texts, String weights) {
    String element =
        "{'text': %1$s[i], 'weight': coalesce(%2$s[i], 1)::DOUBLE}".formatted(texts, weights);
    return """
        CASE WHEN len(%1$s) <> len(%2$s) THEN %4$s ELSE
        list_filter(list_transform(range(1, len(%1$s) + 1), lambda i: %3$s),
        lambda e: %6$s OR (e.text IS NOT NULL AND e.weight >= %5$s)) END"""
        .formatted(texts, weights, element, BAD, SMALLEST, IS_BAD);
  }

  /** Refuses raw lists with another number of weights than elements, or other weights. */
  static void refuse(PreparationDatabase database, FieldPlan plan) {
    RawTables.refuse(
        database,
        RawTables.name(plan.home()),
        "len(list_filter(%s, lambda e: %s)) > 0".formatted(plan.column(), IS_BAD),
        "lists in '%s' of which not each element has a weight from 0 to 1e30 in '%s'"
            .formatted(plan.field().column(), plan.field().weights()),
        plan.home() == RawTable.INTERACTIONS ? "concat('user ', u, ' and item ', i)" : "k",
        "BAD_WEIGHT");
  }

  /** Returns the texts of a raw list. */
  static String texts(String raw) {
    return "list_transform(" + raw + ", lambda e: e.text)";
  }

  /** Returns a pair. */
  static String encoded(String ids, String weights) {
    return "{'ids': %s::INTEGER[], 'weights': %s::FLOAT[]}".formatted(ids, weights);
  }

  /** Returns a pair; that of nothing known if there is none. */
  static String known(String encoded) {
    return "coalesce(%s, %s)".formatted(encoded, encoded("[0]", "[1]"));
  }

  /**
   * Returns the pair of a raw list.
   *
   * @param id of {@code e.text}
   */
  static String encodedEach(String raw, String id) {
    return known(
        "CASE WHEN len(%1$s) > 0 THEN %2$s END"
            .formatted(
                raw,
                encoded(
                    "list_transform(" + raw + ", lambda e: " + id + ")",
                    "list_transform(" + raw + ", lambda e: e.weight)")));
  }
}
