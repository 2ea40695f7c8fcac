package org.llm4msr.server.replay;

import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.llm4msr.server.log.LoggedRequest;
import org.llm4msr.server.log.LoggedRequest.LoggedItem;
import org.llm4msr.server.replay.ReplayReport.Comparison;
import org.llm4msr.server.replay.ReplayReport.FirstDifference;
import org.llm4msr.serving.ranker.ItemStatus;
import org.llm4msr.serving.ranker.RankResult;

/** Sums of differences between probabilities now and before. */
final class ComparedScores {

  private static final int TOP = 10;

  private long requests;
  private long items;
  private long differing;
  private double largest;
  private double sum;
  private double overlaps;
  private @Nullable FirstDifference first;
  private final Map<String, Change> changes = new TreeMap<>();
  private final LabelDifferences labels = new LabelDifferences();

  /** The change in a scenario. */
  private static final class Change {
    private long items;
    private double sum;
  }

  /** Adds a request. */
  void add(LoggedRequest logged, RankResult now) {
    requests++;
    Change change = changes.computeIfAbsent(logged.scenario(), scenario -> new Change());
    for (int place = 0; place < now.size(); place++) {
      if (now.status(place) == ItemStatus.MALFORMED) {
        continue;
      }
      LoggedItem before = logged.items().get(place);
      labels.add(logged, now, place);
      double difference = (double) now.probability(place) - before.probability();
      items++;
      change.items++;
      change.sum += difference;
      sum += Math.abs(difference);
      largest = Math.max(largest, Math.abs(difference));
      if (!(Math.abs(difference) <= Replay.ROUNDING)) {
        differing++;
        if (first == null) {
          first =
              new FirstDifference(
                  logged.id(), before.id(), before.probability(), now.probability(place));
        }
      }
    }
    overlaps += overlap(logged, now);
  }

  private static double overlap(LoggedRequest logged, RankResult now) {
    int[] best = now.best(TOP);
    Set<Integer> before = new HashSet<>();
    IntStream.range(0, logged.items().size())
        .boxed()
        .sorted((a, b) -> Float.compare(probability(logged, b), probability(logged, a)))
        .limit(best.length)
        .forEach(before::add);
    return best.length == 0
        ? 1
        : IntStream.of(best).filter(before::contains).count() / (double) best.length;
  }

  private static float probability(LoggedRequest logged, int place) {
    return logged.items().get(place).probability();
  }

  /** Returns the means; null if there was no request. */
  @Nullable Comparison comparison() {
    if (requests == 0) {
      return null;
    }
    Map<String, Double> means = new TreeMap<>();
    changes.forEach(
        (scenario, change) -> means.put(scenario, change.sum / Math.max(1, change.items)));
    double count = Math.max(1, items);
    return new Comparison(
        requests,
        items,
        largest,
        differing / count,
        sum / count,
        overlaps / requests,
        first,
        means,
        labels.comparisons());
  }
}
