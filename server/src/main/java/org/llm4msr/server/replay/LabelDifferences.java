package org.llm4msr.server.replay;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.llm4msr.server.log.LoggedRequest;
import org.llm4msr.server.log.LoggedRequest.LoggedItem;
import org.llm4msr.server.replay.ReplayReport.FirstDifference;
import org.llm4msr.server.replay.ReplayReport.LabelComparison;
import org.llm4msr.serving.ranker.RankResult;

/** Sums of differences between probabilities of further labels now and before. */
final class LabelDifferences {

  private final Map<String, Sums> labels = new TreeMap<>();

  /** Those of a label. */
  private static final class Sums {
    private long items;
    private double sum;
    private double absolute;
    private double largest;
    private @Nullable FirstDifference first;
  }

  /** Adds an item that was scored: the labels that it has in both. */
  void add(LoggedRequest logged, RankResult now, int place) {
    LoggedItem before = logged.items().get(place);
    for (int label = 0; label < now.labels().size(); label++) {
      Float probability = before.labels().get(now.labels().get(label));
      if (probability != null) {
        Sums sums = labels.computeIfAbsent(now.labels().get(label), name -> new Sums());
        double difference = (double) now.probability(label, place) - probability;
        sums.items++;
        sums.sum += difference;
        sums.absolute += Math.abs(difference);
        sums.largest = Math.max(sums.largest, Math.abs(difference));
        if (sums.first == null && !(Math.abs(difference) <= Replay.ROUNDING)) {
          sums.first =
              new FirstDifference(
                  logged.id(), before.id(), probability, now.probability(label, place));
        }
      }
    }
  }

  /** Returns the means. */
  List<LabelComparison> comparisons() {
    return labels.entrySet().stream()
        .map(
            entry -> {
              Sums sums = entry.getValue();
              return new LabelComparison(
                  entry.getKey(),
                  sums.items,
                  sums.largest,
                  sums.absolute / sums.items,
                  sums.sum / sums.items,
                  sums.first);
            })
        .toList();
  }
}
