package org.llm4msr.server.replay;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What became of a log that was ranked again.
 *
 * @param digest of the bundle
 * @param same requests that this bundle has ranked; null if there were none
 * @param others requests that other bundles have ranked; null if there were none
 * @param updated requests that are left out, since they read vectors that the server was given
 * @param refused how many requests the bundle cannot rank
 * @param refusals the reasons of the first of them
 * @param malformed items that the bundle cannot read
 */
public record ReplayReport(
    String digest,
    @Nullable Comparison same,
    @Nullable Comparison others,
    long updated,
    long refused,
    List<String> refusals,
    long malformed) {

  public ReplayReport {
    refusals = List.copyOf(refusals);
  }

  /**
   * Probabilities now and before.
   *
   * @param largestDifference of an item
   * @param differing share of the items that differ by more than {@value Replay#ROUNDING}
   * @param meanDifference mean absolute difference
   * @param topOverlap mean over the requests of the share of the ten best items before that are
   *     among the ten best now
   * @param first the first request with such a difference; null if there is none
   * @param meanChange mean change of the items, by scenario
   * @param labels further labels that items had before and have now
   */
  public record Comparison(
      long requests,
      long items,
      double largestDifference,
      double differing,
      double meanDifference,
      double topOverlap,
      @Nullable FirstDifference first,
      Map<String, Double> meanChange,
      List<LabelComparison> labels) {

    public Comparison {
      meanChange = new TreeMap<>(meanChange);
      labels = List.copyOf(labels);
    }
  }

  /**
   * Probabilities of a further label now and before.
   *
   * @param items that had one, and have one now
   * @param largestDifference of an item
   * @param meanDifference mean absolute difference
   * @param meanChange mean change
   * @param first the first item that differs by more than {@value Replay#ROUNDING}; null if there
   *     is none
   */
  public record LabelComparison(
      String label,
      long items,
      double largestDifference,
      double meanDifference,
      double meanChange,
      @Nullable FirstDifference first) {}

  /** An item whose probability differs. */
  public record FirstDifference(
      String request, @Nullable String item, float logged, float probability) {}
}
