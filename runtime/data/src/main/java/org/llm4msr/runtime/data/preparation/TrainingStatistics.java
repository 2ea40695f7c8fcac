package org.llm4msr.runtime.data.preparation;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.api.knowledge.ScenarioStatistics;
import org.llm4msr.runtime.data.database.PreparationDatabase;
import org.llm4msr.runtime.data.prepared.PreparedScenario;

/** Statistics of the scenarios over the training part, counted in the database. */
final class TrainingStatistics {

  private static final int POPULAR_ITEMS = 20;

  private TrainingStatistics() {}

  /** One row of counts of a scenario. */
  private record Counts(long rows, long users, long items, long positives) {}

  static List<ScenarioStatistics> of(
      PreparationDatabase database, List<PreparedScenario> scenarios, long trainingRows) {
    database.execute(
        "CREATE VIEW train AS SELECT scenario_rank AS s, user_index AS u, item_index AS i, y FROM"
            + " keyed WHERE n < "
            + trainingRows);
    Counts[] counts = new Counts[scenarios.size()];
    Arrays.fill(counts, new Counts(0, 0, 0, 0));
    database.forEach(
        "SELECT s, count(*), count(DISTINCT u), count(DISTINCT i), count(*) FILTER (y) FROM train"
            + " GROUP BY s",
        row ->
            counts[row.getInt(1)] =
                new Counts(row.getLong(2), row.getLong(3), row.getLong(4), row.getLong(5)));
    long[][] shared = new long[scenarios.size()][scenarios.size()];
    database.forEach(
        "WITH seen AS (SELECT DISTINCT s, u FROM train) SELECT a.s, b.s, count(*) FROM seen a JOIN"
            + " seen b ON a.u = b.u GROUP BY ALL",
        row -> shared[row.getInt(1)][row.getInt(2)] = row.getLong(3));
    List<List<String>> popular = popularItems(database, scenarios.size());
    List<ScenarioStatistics> statistics = new ArrayList<>();
    for (int s = 0; s < counts.length; s++) {
      PreparedScenario scenario = scenarios.get(s);
      statistics.add(
          new ScenarioStatistics(
              scenario.key(),
              scenario.name(),
              scenario.description(),
              counts[s].rows(),
              counts[s].users(),
              counts[s].items(),
              counts[s].positives(),
              Arrays.stream(shared[s]).boxed().toList(),
              popular.get(s)));
    }
    return statistics;
  }

  private static List<List<String>> popularItems(PreparationDatabase database, int scenarios) {
    List<List<String>> popular = new ArrayList<>();
    for (int s = 0; s < scenarios; s++) {
      popular.add(new ArrayList<>());
    }
    String liked = "(SELECT s, i, count(*) AS c FROM train WHERE y GROUP BY s, i)";
    String window = "(PARTITION BY liked.s ORDER BY liked.c DESC, liked.i)";
    database.forEach(
        "SELECT liked.s, items.text FROM "
            + liked
            + " liked JOIN "
            + EntityTables.raw(RawTable.ITEMS)
            + " items ON liked.i = items.idx WHERE items.text <> '' QUALIFY row_number() OVER "
            + window
            + " <= "
            + POPULAR_ITEMS
            + " ORDER BY liked.s, liked.c DESC, liked.i",
        row -> popular.get(row.getInt(1)).add(row.getString(2)));
    return popular;
  }
}
