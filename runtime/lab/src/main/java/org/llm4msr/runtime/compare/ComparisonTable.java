package org.llm4msr.runtime.compare;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.hipparchus.stat.StatUtils;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.compare.ComparisonResult.Column;
import org.llm4msr.runtime.compare.ComparisonResult.Difference;
import org.llm4msr.runtime.compare.ComparisonResult.Model;
import org.llm4msr.runtime.compare.ComparisonResult.Score;
import org.llm4msr.runtime.evaluation.Metrics;

/** Makes the table of runs: means, deviations, the best, and the significance of differences. */
final class ComparisonTable {

  private static final double SIGNIFICANT = 0.05;

  /** DeLong's test sorts the rows of two runs in memory. */
  private static final int MOST_ROWS = 20_000_000;

  private final Grid grid;
  private final Map<Cell, List<@Nullable RunResult>> runs;
  private final List<Column> columns;

  /**
   * Makes a table.
   *
   * @param runs of each cell, by seed; null for a run that failed
   */
  ComparisonTable(Grid grid, Map<Cell, List<@Nullable RunResult>> runs) {
    this.grid = grid;
    this.runs = runs;
    this.columns = columns();
  }

  private Stream<RunResult> all(Cell cell) {
    return runs.getOrDefault(cell, List.of()).stream().filter(Objects::nonNull);
  }

  /** The scenarios of all runs, which may differ, and all rows together. */
  private List<Column> columns() {
    Map<String, Column> scenarios = new LinkedHashMap<>();
    List<RunResult> results = grid.cells().stream().flatMap(this::all).toList();
    for (RunResult run : results) {
      List<Metrics> metrics = run.report().result().scenarios();
      for (int rank = 0; rank < metrics.size(); rank++) {
        String name = run.report().scenarioNames().get(rank);
        scenarios.putIfAbsent(name, new Column(name, metrics.get(rank).rows()));
      }
    }
    List<Column> columns = new ArrayList<>(scenarios.values());
    if (!results.isEmpty()) {
      long rows = results.get(0).report().result().overall().rows();
      columns.add(new Column(Metrics.OVERALL, rows));
    }
    return columns;
  }

  private double auc(RunResult run, int column) {
    Metrics metrics =
        column == columns.size() - 1
            ? run.report().result().overall()
            : run.metrics(columns.get(column).name());
    return metrics == null ? Double.NaN : metrics.auc();
  }

  List<Column> headings() {
    return columns;
  }

  List<Model> models() {
    List<Model> models = new ArrayList<>();
    Map<Cell, List<@Nullable Double>> deLong = deLong();
    for (Cell cell : grid.cells()) {
      List<Score> scores = new ArrayList<>();
      for (int column = 0; column < columns.size(); column++) {
        scores.add(score(cell, column, deLong.get(cell)));
      }
      double[] seconds =
          all(cell).mapToDouble(RunResult::seconds).filter(s -> !Double.isNaN(s)).toArray();
      models.add(
          new Model(
              cell.labels(),
              cell.group(),
              cell.baseline(),
              all(cell).map(RunResult::name).toList(),
              all(cell).map(run -> run.folder().toString()).toList(),
              scores,
              seconds.length == 0 ? null : StatUtils.mean(seconds)));
    }
    return models;
  }

  private Score score(Cell cell, int column, @Nullable List<@Nullable Double> deLong) {
    double[] values = auc(cell, column);
    boolean best =
        values.length > 0
            && grid.group(cell).stream()
                .map(other -> auc(other, column))
                .noneMatch(other -> isBetter(other, values));
    return new Score(
        values.length,
        values.length == 0 ? null : StatUtils.mean(values),
        values.length < 2 ? null : Math.sqrt(StatUtils.variance(values)),
        best,
        difference(cell, column, deLong == null ? null : deLong.get(column)));
  }

  private double[] auc(Cell cell, int column) {
    return all(cell)
        .mapToDouble(run -> auc(run, column))
        .filter(auc -> !Double.isNaN(auc))
        .toArray();
  }

  /** A mean over fewer seeds covers only those that succeeded. */
  private static boolean isBetter(double[] first, double[] other) {
    return first.length > other.length
        || (first.length == other.length && StatUtils.mean(first) > StatUtils.mean(other));
  }

  private @Nullable Difference difference(Cell cell, int column, @Nullable Double deLong) {
    if (cell.baseline()) {
      return null;
    }
    List<double[]> pairs = new ArrayList<>();
    forEachPair(
        cell,
        (before, after) -> {
          double[] pair = {auc(before, column), auc(after, column)};
          if (!Double.isNaN(pair[0]) && !Double.isNaN(pair[1])) {
            pairs.add(pair);
          }
        });
    if (pairs.isEmpty()) {
      return null;
    }
    PairedDifference paired =
        PairedDifference.of(
            pairs.stream().mapToDouble(pair -> pair[0]).toArray(),
            pairs.stream().mapToDouble(pair -> pair[1]).toArray());
    Double tTest = defined(paired.pValue());
    return new Difference(
        paired.mean(),
        defined(paired.mean() - paired.halfWidth()),
        defined(paired.mean() + paired.halfWidth()),
        tTest,
        deLong,
        isSignificant(tTest, deLong));
  }

  /** Models measured on different rows, or on too few of a class, also differ by those. */
  private boolean isSignificant(@Nullable Double tTest, @Nullable Double deLong) {
    return deLong == null
        ? isTooLarge(columns) && tTest != null && tTest < SIGNIFICANT
        : deLong < SIGNIFICANT && (tTest == null || tTest < SIGNIFICANT);
  }

  /** Returns whether there are too many rows for DeLong's test, so that only the t-test counts. */
  static boolean isTooLarge(List<Column> columns) {
    return !columns.isEmpty() && columns.get(columns.size() - 1).rows() > MOST_ROWS;
  }

  private static @Nullable Double defined(double value) {
    return Double.isNaN(value) ? null : value;
  }

  /** Two runs of one seed. */
  private interface Pair {
    void accept(RunResult baseline, RunResult other);
  }

  private void forEachPair(Cell cell, Pair action) {
    Cell baseline = grid.group(cell).stream().filter(Cell::baseline).findFirst().orElseThrow();
    List<@Nullable RunResult> before = runs.getOrDefault(baseline, List.of());
    List<@Nullable RunResult> after = runs.getOrDefault(cell, List.of());
    for (int seed = 0; seed < Math.min(before.size(), after.size()); seed++) {
      RunResult earlier = before.get(seed);
      RunResult later = after.get(seed);
      if (earlier != null && later != null) {
        action.accept(earlier, later);
      }
    }
  }

  /** The p-values of each cell except baselines, by column: the median over its pairs. */
  private Map<Cell, List<@Nullable Double>> deLong() {
    Map<Cell, List<@Nullable Double>> medians = new HashMap<>();
    if (isTooLarge(columns)) {
      return medians;
    }
    for (Cell cell : grid.cells()) {
      if (!cell.baseline()) {
        List<double[]> bySeed = new ArrayList<>();
        forEachPair(cell, (before, after) -> pValues(before, after, bySeed));
        medians.put(cell, medians(bySeed));
      }
    }
    return medians;
  }

  private void pValues(RunResult before, RunResult after, List<double[]> bySeed) {
    ScoredRows rowsBefore = ScoredRows.read(before.predictions());
    ScoredRows rowsAfter = ScoredRows.read(after.predictions());
    if (!rowsBefore.sameRows(rowsAfter) || !before.drawn().equals(after.drawn())) {
      return;
    }
    double[] values = new double[columns.size()];
    for (int column = 0; column < values.length; column++) {
      int rank = before.report().scenarioNames().indexOf(columns.get(column).name());
      boolean whole = column == values.length - 1;
      ScoredRows first = whole ? rowsBefore : rowsBefore.of(rank);
      ScoredRows second = whole ? rowsAfter : rowsAfter.of(rank);
      values[column] =
          DeLong.pValue(first.user(), first.positive(), first.probability(), second.probability());
    }
    bySeed.add(values);
  }

  private List<@Nullable Double> medians(List<double[]> bySeed) {
    List<@Nullable Double> medians = new ArrayList<>();
    IntStream.range(0, columns.size())
        .forEach(
            column -> {
              double[] values =
                  bySeed.stream()
                      .mapToDouble(pValues -> pValues[column])
                      .filter(value -> !Double.isNaN(value))
                      .toArray();
              medians.add(values.length == 0 ? null : StatUtils.percentile(values, 50));
            });
    return medians;
  }
}
