package org.llm4msr.runtime.compare;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.hipparchus.stat.StatUtils;
import org.hipparchus.util.MathArrays;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.compare.ComparisonResult.Column;
import org.llm4msr.runtime.compare.ComparisonResult.Difference;
import org.llm4msr.runtime.compare.ComparisonResult.Model;
import org.llm4msr.runtime.compare.ComparisonResult.Rest;
import org.llm4msr.runtime.compare.ComparisonResult.Score;
import org.llm4msr.runtime.compare.ComparisonResult.Slices;
import org.llm4msr.runtime.compare.statistics.PairedDifference;
import org.llm4msr.runtime.compare.statistics.PairedRatio;
import org.llm4msr.runtime.evaluation.Metrics;
import org.llm4msr.runtime.evaluation.SlicedMetrics;
import org.llm4msr.runtime.evaluation.metric.Metric;
import org.llm4msr.runtime.evaluation.metric.Metric.Direction;
import org.llm4msr.runtime.evaluation.metric.PairedRows;

/** Makes the table of runs: means, deviations, the best, and the significance of differences. */
final class ComparisonTable {

  private static final double SIGNIFICANT = 0.05;

  /** A test sorts the rows of two runs in memory. */
  private static final int MOST_ROWS = 20_000_000;

  private final Metric metric;
  private final Grid grid;
  private final Map<Cell, List<@Nullable RunResult>> runs;
  private final Controls controls;
  private final List<MeasuredRows> columns;
  private final Map<SlicedMetrics, List<MeasuredRows>> slices;
  private final Map<Cell, Map<MeasuredRows, Double>> sameRows;

  /**
   * Makes a table.
   *
   * @param runs of each cell, by seed; null for a run that failed
   * @param metric that it shows
   */
  ComparisonTable(
      Grid grid, Map<Cell, List<@Nullable RunResult>> runs, Controls controls, Metric metric) {
    this.grid = grid;
    this.runs = runs;
    this.controls = controls;
    this.metric = metric;
    List<RunResult> results = grid.cells().stream().flatMap(this::all).toList();
    this.columns = MeasuredRows.columns(results);
    this.slices = MeasuredRows.slices(results);
    this.sameRows = isTested() ? pValues() : Map.of();
  }

  private Stream<RunResult> all(Cell cell) {
    return runs.getOrDefault(cell, List.of()).stream().filter(Objects::nonNull);
  }

  List<Column> headings() {
    return headings(columns);
  }

  private static List<Column> headings(List<MeasuredRows> columns) {
    return columns.stream().map(MeasuredRows::column).toList();
  }

  List<Model> models() {
    List<Model> models = new ArrayList<>();
    List<List<Score>> scores = scores(columns);
    for (Cell cell : grid.cells()) {
      double[] seconds =
          all(cell).mapToDouble(RunResult::seconds).filter(s -> !Double.isNaN(s)).toArray();
      models.add(
          new Model(
              cell.labels(),
              cell.group(),
              cell.baseline(),
              all(cell).map(RunResult::name).toList(),
              all(cell).map(run -> run.folder().toString()).toList(),
              scores.get(models.size()),
              (int) all(cell).filter(RunResult::stillImproving).count(),
              seconds.length == 0 ? null : StatUtils.mean(seconds)));
    }
    return models;
  }

  List<Slices> slices() {
    return slices.entrySet().stream()
        .map(
            entry ->
                new Slices(
                    entry.getKey().name(),
                    entry.getKey().title(),
                    headings(entry.getValue()),
                    scores(entry.getValue())))
        .toList();
  }

  /** Returns the scores of each cell, by column. */
  private List<List<Score>> scores(List<MeasuredRows> columns) {
    return grid.cells().stream()
        .map(cell -> columns.stream().map(column -> score(cell, column)).toList())
        .toList();
  }

  private Score score(Cell cell, MeasuredRows column) {
    double[] values = values(cell, column);
    boolean best =
        values.length > 0
            && grid.group(cell).stream()
                .map(other -> values(other, column))
                .noneMatch(other -> isBetter(other, values));
    return new Score(
        values.length,
        values.length == 0 ? null : StatUtils.mean(values),
        values.length < 2 ? null : Math.sqrt(StatUtils.variance(values)),
        best,
        difference(cell, column),
        rest(cell, column));
  }

  private double[] values(Cell cell, MeasuredRows column) {
    return all(cell)
        .mapToDouble(run -> value(run, column))
        .filter(value -> !Double.isNaN(value))
        .toArray();
  }

  private double value(RunResult run, MeasuredRows column) {
    Metrics metrics = column.metrics(run);
    return metrics == null ? Double.NaN : metrics.value(metric.name());
  }

  /** A mean over fewer seeds covers only those that succeeded. */
  private boolean isBetter(double[] first, double[] other) {
    return first.length > other.length
        || (first.length == other.length
            && metric.direction().isBetter(StatUtils.mean(first), StatUtils.mean(other)));
  }

  private @Nullable Difference difference(Cell cell, MeasuredRows column) {
    if (cell.baseline()) {
      return null;
    }
    double[][] pairs = bySeed(column, baseline(cell), cell);
    if (pairs[0].length == 0) {
      return null;
    }
    PairedDifference paired = PairedDifference.of(pairs[0], pairs[1]);
    Double tTest = defined(paired.pValue());
    Double median = sameRows.getOrDefault(cell, Map.of()).get(column);
    return new Difference(
        paired.mean(),
        defined(paired.mean() - paired.halfWidth()),
        defined(paired.mean() + paired.halfWidth()),
        tTest,
        median,
        isSignificant(tTest, median));
  }

  private @Nullable Rest rest(Cell control, MeasuredRows column) {
    Cell model = controls.controlled(grid, control);
    if (model == null) {
      return null;
    }
    double[][] values = bySeed(column, baseline(control), model, control);
    if (values[0].length == 0) {
      return null;
    }
    PairedDifference knowledge = PairedDifference.of(values[2], values[1]);
    PairedRatio share = PairedRatio.of(gain(values[0], values[2]), gain(values[0], values[1]));
    return new Rest(
        knowledge.mean(),
        defined(knowledge.mean() - knowledge.halfWidth()),
        defined(knowledge.mean() + knowledge.halfWidth()),
        defined(share.value()),
        defined(share.low()),
        defined(share.high()));
  }

  private double[] gain(double[] before, double[] after) {
    return metric.direction() == Direction.HIGHER
        ? MathArrays.ebeSubtract(after, before)
        : MathArrays.ebeSubtract(before, after);
  }

  /** Returns the metric of each model, for the seeds with which all of them have one. */
  private double[][] bySeed(MeasuredRows column, Cell... models) {
    List<List<@Nullable RunResult>> bySeed =
        Stream.of(models).map(model -> runs.getOrDefault(model, List.of())).toList();
    int seeds = bySeed.stream().mapToInt(List::size).min().orElse(0);
    List<double[]> complete = new ArrayList<>();
    for (int seed = 0; seed < seeds; seed++) {
      double[] values = new double[models.length];
      for (int model = 0; model < models.length; model++) {
        RunResult run = bySeed.get(model).get(seed);
        values[model] = run == null ? Double.NaN : value(run, column);
      }
      if (Arrays.stream(values).noneMatch(Double::isNaN)) {
        complete.add(values);
      }
    }
    double[][] byModel = new double[models.length][];
    Arrays.setAll(byModel, i -> complete.stream().mapToDouble(values -> values[i]).toArray());
    return byModel;
  }

  private Cell baseline(Cell cell) {
    return grid.group(cell).stream().filter(Cell::baseline).findFirst().orElseThrow();
  }

  /** Models measured on different rows, or on those of too few users, also differ by those. */
  private boolean isSignificant(@Nullable Double tTest, @Nullable Double sameRows) {
    return sameRows == null
        ? !isTested() && tTest != null && tTest < SIGNIFICANT
        : sameRows < SIGNIFICANT && (tTest == null || tTest < SIGNIFICANT);
  }

  private boolean isTested() {
    return Measure.of(metric).isTested() && !isTooLarge(headings());
  }

  /** Returns whether there are too many rows for a test on them, so that only the t-test counts. */
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
    List<@Nullable RunResult> before = runs.getOrDefault(baseline(cell), List.of());
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
  private Map<Cell, Map<MeasuredRows, Double>> pValues() {
    List<MeasuredRows> all =
        Stream.concat(columns.stream(), slices.values().stream().flatMap(List::stream)).toList();
    Map<Cell, Map<MeasuredRows, Double>> medians = new HashMap<>();
    for (Cell cell : grid.cells()) {
      if (!cell.baseline()) {
        List<Map<MeasuredRows, Double>> bySeed = new ArrayList<>();
        forEachPair(cell, (before, after) -> bySeed.add(pValues(before, after, all)));
        medians.put(cell, medians(bySeed, all));
      }
    }
    return medians;
  }

  private Map<MeasuredRows, Double> pValues(
      RunResult before, RunResult after, List<MeasuredRows> columns) {
    Map<MeasuredRows, Double> values = new HashMap<>();
    ScoredRows rowsBefore = before.rows();
    ScoredRows rowsAfter = after.rows();
    if (rowsBefore.sameRows(rowsAfter) && before.drawn().equals(after.drawn())) {
      for (MeasuredRows column : columns) {
        int[] own = column.of(before, rowsBefore);
        if (Arrays.equals(own, column.of(after, rowsAfter))) {
          values.put(column, pValue(rowsBefore.pick(own), rowsAfter.pick(own)));
        }
      }
    }
    return values;
  }

  private double pValue(ScoredRows first, ScoredRows second) {
    return metric
        .test()
        .pValue(
            new PairedRows(
                first.user(), first.positive(), first.probability(), second.probability()));
  }

  private static Map<MeasuredRows, Double> medians(
      List<Map<MeasuredRows, Double>> bySeed, List<MeasuredRows> columns) {
    Map<MeasuredRows, Double> medians = new HashMap<>();
    for (MeasuredRows column : columns) {
      double[] values =
          bySeed.stream()
              .mapToDouble(pValues -> pValues.getOrDefault(column, Double.NaN))
              .filter(value -> !Double.isNaN(value))
              .toArray();
      if (values.length > 0) {
        medians.put(column, StatUtils.percentile(values, 50));
      }
    }
    return medians;
  }
}
