package org.llm4msr.server.replay;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.text.TextTable;

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

  /** Returns a table of the comparisons, and the numbers of what could not be compared. */
  public String text() {
    List<List<String>> rows = new ArrayList<>();
    add(rows, "this bundle", same);
    add(rows, "other bundles", others);
    StringBuilder text =
        new StringBuilder(
            TextTable.of(
                List.of(
                    "ranked by",
                    "scenario",
                    "requests",
                    "items",
                    "largest difference",
                    "above 1e-6",
                    "mean difference",
                    "mean change",
                    "top 10 kept"),
                rows));
    count(text, "Left out, since they read vectors that the server was given", updated);
    count(text, "Items that cannot be read", malformed);
    count(text, "Requests that cannot be ranked", refused);
    if (refused > 0) {
      refusals.forEach(why -> text.append("%n  ".formatted()).append(why));
    }
    return text.toString();
  }

  private static void count(StringBuilder text, String what, long number) {
    if (number > 0) {
      text.append(String.format(Locale.ROOT, "%n%s: %,d", what, number));
    }
  }

  private static void add(List<List<String>> rows, String by, @Nullable Comparison all) {
    if (all == null) {
      return;
    }
    rows.add(
        List.of(
            by,
            "all",
            String.format(Locale.ROOT, "%,d", all.requests()),
            String.format(Locale.ROOT, "%,d", all.items()),
            String.format(Locale.ROOT, "%.1e", all.largestDifference()),
            String.format(Locale.ROOT, "%.1f%%", 100 * all.differing()),
            String.format(Locale.ROOT, "%.1e", all.meanDifference()),
            "",
            String.format(Locale.ROOT, "%.0f%%", 100 * all.topOverlap())));
    all.meanChange().forEach((scenario, change) -> rows.add(row(scenario, "", "", "", change)));
    for (LabelComparison label : all.labels()) {
      rows.add(
          row(
              "label " + label.label(),
              String.format(Locale.ROOT, "%,d", label.items()),
              String.format(Locale.ROOT, "%.1e", label.largestDifference()),
              String.format(Locale.ROOT, "%.1e", label.meanDifference()),
              label.meanChange()));
    }
  }

  private static List<String> row(
      String what, String items, String largest, String mean, double change) {
    return List.of(
        "", what, "", items, largest, "", mean, String.format(Locale.ROOT, "%+.1e", change), "");
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
