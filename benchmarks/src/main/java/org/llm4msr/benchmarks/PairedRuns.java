package org.llm4msr.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Times of one workload, taken in pairs: by another version and by the working tree. {@code
 * benchmarks/run --against} starts it from this file, so it uses nothing but the JDK.
 */
final class PairedRuns {

  private static final double WANTED = 0.95;

  private final String unit;
  private final List<Double> old = new ArrayList<>();
  private final List<Double> now = new ArrayList<>();

  private PairedRuns(String unit) {
    this.unit = unit;
  }

  /**
   * Prints a table of the workloads.
   *
   * @param args a file with lines of workload, unit, time of the other version and time of the
   *     working tree, separated by tabs; and, if wanted, the ratio above which it exits with 1
   */
  public static void main(String[] args) throws IOException {
    Map<String, PairedRuns> workloads = read(Path.of(args[0]));
    System.out.print(table(workloads));
    if (args.length > 1) {
      String slower = above(Double.parseDouble(args[1]), workloads);
      System.out.print(slower);
      System.exit(slower.isEmpty() ? 0 : 1);
    }
  }

  static Map<String, PairedRuns> read(Path file) throws IOException {
    Map<String, PairedRuns> workloads = new LinkedHashMap<>();
    for (String line : Files.readAllLines(file)) {
      String[] parts = line.split("\t", -1);
      PairedRuns runs = workloads.computeIfAbsent(parts[0], name -> new PairedRuns(parts[1]));
      runs.old.add(Double.parseDouble(parts[2]));
      runs.now.add(Double.parseDouble(parts[3]));
    }
    return workloads;
  }

  static String table(Map<String, PairedRuns> workloads) {
    StringBuilder table = new StringBuilder();
    workloads.forEach(
        (name, runs) -> {
          Interval interval = interval(runs.ratios());
          if (table.isEmpty()) {
            table.append(
                format(
                    "%-10s %-7s %10s %13s %7s  interval of %.1f %%%n",
                    "workload",
                    "unit",
                    "commit",
                    "working tree",
                    "ratio",
                    interval.coverage * 100));
          }
          table.append(
              format(
                  "%-10s %-7s %10.2f %13.2f %7.3f  %.3f to %.3f%n",
                  name,
                  runs.unit,
                  median(sorted(runs.old)),
                  median(sorted(runs.now)),
                  median(runs.ratios()),
                  interval.low,
                  interval.high));
        });
    return table.toString();
  }

  static String above(double limit, Map<String, PairedRuns> workloads) {
    StringBuilder slower = new StringBuilder();
    workloads.forEach(
        (name, runs) -> {
          double ratio = median(runs.ratios());
          if (ratio > limit) {
            slower.append(format("%s is slower: %.3f is above the limit %s%n", name, ratio, limit));
          }
        });
    return slower.toString();
  }

  private double[] ratios() {
    double[] ratios = new double[old.size()];
    Arrays.setAll(ratios, pair -> now.get(pair) / old.get(pair));
    Arrays.sort(ratios);
    return ratios;
  }

  static double median(double[] sorted) {
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }

  /**
   * From which to which of the sorted values the median of their distribution lies, whatever the
   * distribution: it is below the k-th of n as often as a fair coin, tossed n times, shows fewer
   * than k heads. The narrowest interval that covers 95 %, or the widest there is.
   */
  static Interval interval(double[] sorted) {
    int n = sorted.length;
    double probability = Math.pow(0.5, n); // of exactly k heads
    double fewer = probability; // of at most k heads
    int k = 0;
    while (true) {
      double next = probability * (n - k) / (k + 1);
      if (1 - 2 * (fewer + next) < WANTED) {
        return new Interval(sorted[k], sorted[n - 1 - k], 1 - 2 * fewer);
      }
      probability = next;
      fewer += next;
      k++;
    }
  }

  private static double[] sorted(List<Double> values) {
    return values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
  }

  private static String format(String text, Object... values) {
    return String.format(Locale.ROOT, text, values);
  }

  /** An interval of a median, and how often such an interval has the median in it. */
  record Interval(double low, double high, double coverage) {}
}
