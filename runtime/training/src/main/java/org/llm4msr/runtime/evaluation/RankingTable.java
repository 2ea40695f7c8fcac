package org.llm4msr.runtime.evaluation;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Ranking metrics as the texts of a table; headings of numbers start with {@code >}. */
public final class RankingTable {

  private RankingTable() {}

  /** Returns the headings. */
  public static List<String> headings(RankingResult ranking) {
    List<String> headings = new ArrayList<>(List.of("scenario", ">groups"));
    for (RankingMetrics.First first : ranking.overall().first()) {
      headings.add(">NDCG@" + first.k());
      headings.add(">HR@" + first.k());
    }
    headings.addAll(List.of(">MRR", ">group AUC"));
    return headings;
  }

  /**
   * Returns a row for each scenario, and one for all.
   *
   * @param names of the scenarios, by rank
   */
  public static List<List<String>> rows(RankingResult ranking, List<String> names) {
    return Stream.concat(
            IntStream.range(0, names.size())
                .mapToObj(rank -> row(names.get(rank), ranking.scenarios().get(rank))),
            Stream.of(row(Metrics.OVERALL, ranking.overall())))
        .toList();
  }

  private static List<String> row(String name, RankingMetrics metrics) {
    List<String> cells = new ArrayList<>();
    cells.add(name);
    cells.add(String.format(Locale.ROOT, "%,d", metrics.groups()));
    for (RankingMetrics.First first : metrics.first()) {
      cells.add(number(first.ndcg()));
      cells.add(number(first.hitRate()));
    }
    cells.add(number(metrics.mrr()));
    cells.add(number(metrics.auc()));
    return cells;
  }

  private static String number(double value) {
    return Double.isNaN(value) ? "-" : String.format(Locale.ROOT, "%.4f", value);
  }
}
