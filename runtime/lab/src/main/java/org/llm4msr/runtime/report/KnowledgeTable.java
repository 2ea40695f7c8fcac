package org.llm4msr.runtime.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Who has a vector in the knowledge that a run was trained with, and who has none, and why. */
final class KnowledgeTable {

  private KnowledgeTable() {}

  /**
   * Returns a table; nothing for a run without knowledge.
   *
   * @param store the description of the store, as in {@code provenance.json}
   */
  static String html(JsonNode store) {
    if (!store.isObject()) {
      return "";
    }
    List<List<String>> rows = new ArrayList<>();
    rows.add(row("users", store.path("users"), store.path("usersWithout")));
    if (store.path("items").asLong() > 0) {
      rows.add(row("items", store.path("items"), store.path("itemsWithout")));
    }
    return Html.table(
        List.of(
            "level",
            ">vectors",
            ">below the threshold",
            ">beyond the limit",
            ">empty prompt",
            ">history does not fit",
            ">refused"),
        rows);
  }

  private static List<String> row(String level, JsonNode vectors, JsonNode without) {
    return List.of(
        level,
        count(vectors),
        count(without.path("belowThreshold")),
        count(without.path("limited")),
        count(without.path("empty")),
        count(without.path("withoutHistory")),
        count(without.path("refused")));
  }

  /** Stores of earlier releases do not say. */
  private static String count(JsonNode count) {
    return count.isNumber() ? String.format(Locale.ROOT, "%,d", count.asLong()) : "-";
  }
}
