package org.llm4msr.plugins.datasets.generator.log;

import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Counts of a log: users, items, and by scenario rows, positives and the AUC of the truth. */
public final class LogCounts {

  private final List<String> scenarios;
  private final List<BayesAuc> counts;
  private final BitSet users = new BitSet();
  private final BitSet items = new BitSet();

  public LogCounts(List<String> scenarios) {
    this.scenarios = scenarios;
    counts = Stream.generate(BayesAuc::new).limit(scenarios.size()).toList();
  }

  /**
   * Counts one row.
   *
   * @param probability of a positive, in units of {@code 1 / BayesAuc.UNIT}
   */
  public void add(int user, int item, int scenario, int probability, boolean positive) {
    users.set(user);
    items.set(item);
    counts.get(scenario).add(probability, positive);
  }

  /** Returns whether a user has a row. */
  public boolean hasUser(int user) {
    return users.get(user);
  }

  /** Returns whether an item has a row. */
  public boolean hasItem(int item) {
    return items.get(item);
  }

  /** Returns how many users have a row. */
  public int users() {
    return users.cardinality();
  }

  /** Returns how many items have a row. */
  public int items() {
    return items.cardinality();
  }

  /** Returns rows, positives and AUC, of all rows and by scenario. */
  public Map<String, Object> bayes() {
    BayesAuc overall = new BayesAuc();
    counts.forEach(overall::addAll);
    Map<String, Object> rows = new LinkedHashMap<>();
    for (int s = 0; s < counts.size(); s++) {
      rows.put(scenarios.get(s), row(counts.get(s)));
    }
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("overall", row(overall));
    map.put("scenarios", rows);
    return map;
  }

  private static Map<String, Object> row(BayesAuc count) {
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("rows", count.rows());
    row.put("positives", count.positives());
    double auc = count.value();
    row.put("auc", Double.isNaN(auc) ? null : auc);
    return row;
  }
}
