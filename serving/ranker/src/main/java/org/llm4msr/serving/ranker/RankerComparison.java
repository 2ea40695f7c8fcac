package org.llm4msr.serving.ranker;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * How two models rank the same drawn requests: users and items of the first, in all its scenarios,
 * without values of their own.
 *
 * @param requests how many were ranked by both
 * @param mean probability of the first
 * @param otherMean that of the second
 * @param change mean absolute difference of the two probabilities of an item
 * @param sameBest mean share of the first's {@value #BEST} best items among the second's
 * @param spread whether the second tells items apart: not all of its probabilities are equal
 */
public record RankerComparison(
    int requests, double mean, double otherMean, double change, double sameBest, boolean spread) {

  private static final int REQUESTS = 40;
  private static final int BEST = 10;

  /**
   * Ranks with both; nothing is counted.
   *
   * @throws org.llm4msr.api.MsrException as {@link RankingModel#rank}, if one of them cannot
   */
  public static RankerComparison of(RankingModel first, RankingModel second) {
    double mean = 0;
    double otherMean = 0;
    double change = 0;
    double sameBest = 0;
    double lowest = Double.POSITIVE_INFINITY;
    double highest = Double.NEGATIVE_INFINITY;
    int items = 0;
    List<RankRequest> requests = first.drawn(REQUESTS);
    List<RankResult> results = first.rankUncounted(requests);
    List<RankResult> others = second.rankUncounted(requests);
    for (int request = 0; request < requests.size(); request++) {
      RankResult one = results.get(request);
      RankResult other = others.get(request);
      items += one.size();
      for (int place = 0; place < one.size(); place++) {
        double probability = other.probability(place);
        mean += one.probability(place);
        otherMean += probability;
        change += Math.abs(one.probability(place) - probability);
        lowest = Math.min(lowest, probability);
        highest = Math.max(highest, probability);
      }
      sameBest += same(one.best(BEST), other.best(BEST));
    }
    int all = Math.max(1, items);
    return new RankerComparison(
        requests.size(),
        mean / all,
        otherMean / all,
        change / all,
        sameBest / requests.size(),
        highest > lowest);
  }

  private static double same(int[] best, int[] others) {
    Set<Integer> found = new HashSet<>();
    for (int place : others) {
      found.add(place);
    }
    int same = 0;
    for (int place : best) {
      same += found.contains(place) ? 1 : 0;
    }
    return best.length == 0 ? 1 : (double) same / best.length;
  }
}
