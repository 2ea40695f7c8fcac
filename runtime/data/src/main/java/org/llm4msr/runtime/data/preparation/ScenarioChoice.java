package org.llm4msr.runtime.data.preparation;

import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.llm4msr.api.data.RawScenario;
import org.llm4msr.runtime.data.arrow.DataErrors;
import org.llm4msr.runtime.data.database.PreparationDatabase;
import org.llm4msr.runtime.data.prepared.SplitCounts;
import org.llm4msr.toolkit.database.SqlText;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Which scenarios are kept, and in which order. */
final class ScenarioChoice {

  private static final Logger LOG = LoggerFactory.getLogger(ScenarioChoice.class);

  /** Each has parameters, a prompt, and the users that it shares with each other. */
  static final int MOST = 1000;

  private ScenarioChoice() {}

  /**
   * Makes the view {@code kept} of the interactions in the kept scenarios.
   *
   * @param kept scenarios that stay even if they have no rows
   * @return their keys in rank order; empty where ranks go by size
   */
  static List<String> choose(
      PreparationDatabase database,
      List<String> configured,
      List<RawScenario> known,
      List<String> kept) {
    List<String> present =
        database.query(
            "SELECT s FROM interactions GROUP BY s ORDER BY count(*) DESC, s",
            row -> row.getString(1));
    List<String> keys =
        configured.isEmpty()
            ? known.stream().map(RawScenario::key).filter(present::contains).toList()
            : configured;
    requirePresent(configured, present, kept);
    if (keys.isEmpty() && !known.isEmpty()) {
      throw DataErrors.data(
          "UNKNOWN_SCENARIO",
          "No interaction is in a scenario that the reader knows; the data has "
              + shown(present)
              + ". Name them in dataset.scenarios.");
    }
    requireFew(keys.isEmpty() ? present : keys);
    long left = keys.isEmpty() ? 0 : present.stream().filter(key -> !keys.contains(key)).count();
    if (left > 0) {
      LOG.info("{} scenarios of the raw data are left out", left);
    }
    String filter =
        keys.isEmpty()
            ? ""
            : keys.stream()
                .map(SqlText::literal)
                .collect(Collectors.joining(", ", " WHERE s IN (", ")"));
    database.execute("CREATE VIEW kept AS SELECT *, rowid AS r FROM interactions" + filter);
    return keys;
  }

  private static void requireFew(List<String> keys) {
    if (keys.size() > MOST) {
      throw DataErrors.user(
          "TOO_MANY_SCENARIOS",
          "The data has %d scenarios, such as %s; at most %d can be trained together. Choose a column of fewer values, or name those to keep in dataset.scenarios."
              .formatted(keys.size(), shown(keys.subList(0, 3)), MOST));
    }
  }

  private static void requirePresent(
      List<String> configured, List<String> present, List<String> kept) {
    if (new HashSet<>(configured).size() < configured.size()) {
      throw DataErrors.user(
          "BAD_SCENARIOS", "dataset.scenarios names a scenario twice: " + configured + ".");
    }
    for (String key : configured) {
      if (!present.contains(key) && !kept.contains(key)) {
        throw DataErrors.user(
            "BAD_SCENARIOS",
            "dataset.scenarios names '"
                + key
                + "', which no interaction is in; the data has "
                + shown(present)
                + ".");
      }
    }
  }

  private static String shown(List<String> keys) {
    if (keys.isEmpty()) {
      return "no rows at all";
    }
    int most = 20;
    return keys.stream().limit(most).map(SqlText::literal).collect(Collectors.joining(", "))
        + (keys.size() > most ? " and " + (keys.size() - most) + " more" : "");
  }

  /** Returns the rows of every kept scenario in each part. */
  static Map<String, SplitCounts> rows(PreparationDatabase database, SplitCounts counts) {
    long validationEnd = counts.train() + counts.validation();
    Map<String, SplitCounts> rows = new LinkedHashMap<>();
    database.forEach(
        "SELECT s, count(*) FILTER (rowid < "
            + counts.train()
            + "), count(*) FILTER (rowid >= "
            + counts.train()
            + " AND rowid < "
            + validationEnd
            + "), count(*) FILTER (rowid >= "
            + validationEnd
            + ") FROM ordered GROUP BY s ORDER BY s",
        row ->
            rows.put(
                row.getString(1), new SplitCounts(row.getLong(2), row.getLong(3), row.getLong(4))));
    return rows;
  }

  /** Returns the keys in the given order, or by falling training rows where none is given. */
  static List<String> ranked(List<String> keys, Map<String, SplitCounts> rows) {
    if (!keys.isEmpty()) {
      return keys;
    }
    Comparator<Map.Entry<String, SplitCounts>> bySize =
        Comparator.comparingLong(entry -> -entry.getValue().train());
    return rows.entrySet().stream()
        .sorted(bySize.thenComparing(Map.Entry::getKey))
        .map(Map.Entry::getKey)
        .toList();
  }
}
