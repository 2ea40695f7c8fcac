package org.llm4msr.runtime.compare;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.compare.ComparisonResult.Column;
import org.llm4msr.runtime.evaluation.Metrics;
import org.llm4msr.runtime.evaluation.SlicedMetrics;

/** The rows of one column of a table. */
sealed interface MeasuredRows {

  /** Returns the heading. */
  Column column();

  /** Returns the metrics of a run, or null if it has none of these rows. */
  @Nullable Metrics metrics(RunResult run);

  /** Returns the numbers of these rows among all that a run was measured on. */
  int[] of(RunResult run, ScoredRows all);

  /** Returns the scenarios of all runs, which may differ, and all rows together at the end. */
  static List<MeasuredRows> columns(List<RunResult> runs) {
    Map<String, MeasuredRows> columns = new LinkedHashMap<>();
    for (RunResult run : runs) {
      List<Metrics> metrics = run.report().result().scenarios();
      for (int rank = 0; rank < metrics.size(); rank++) {
        String name = run.report().scenarioNames().get(rank);
        columns.putIfAbsent(name, new OfScenario(new Column(name, metrics.get(rank).rows())));
      }
    }
    if (!runs.isEmpty()) {
      long rows = runs.get(0).report().result().overall().rows();
      columns.put(Metrics.OVERALL, new All(new Column(Metrics.OVERALL, rows)));
    }
    return List.copyOf(columns.values());
  }

  /** Returns the slices of all runs that have rows, by the first report of each way to divide. */
  static Map<SlicedMetrics, List<MeasuredRows>> slices(List<RunResult> runs) {
    Map<String, SlicedMetrics> slicings = new LinkedHashMap<>();
    runs.stream()
        .flatMap(run -> run.report().slices().stream())
        .forEach(sliced -> slicings.putIfAbsent(sliced.name(), sliced));
    Map<SlicedMetrics, List<MeasuredRows>> slices = new LinkedHashMap<>();
    for (SlicedMetrics first : slicings.values()) {
      Map<String, MeasuredRows> columns = new LinkedHashMap<>();
      runs.stream()
          .flatMap(run -> run.slices(first.name()).stream())
          .filter(slice -> slice.rows() > 0)
          .forEach(
              slice ->
                  columns.putIfAbsent(
                      slice.name(),
                      new OfSlice(first.name(), new Column(slice.name(), slice.rows()))));
      slices.put(first, List.copyOf(columns.values()));
    }
    return slices;
  }

  /** The rows of a scenario. */
  record OfScenario(Column column) implements MeasuredRows {
    @Override
    public @Nullable Metrics metrics(RunResult run) {
      int rank = rank(run);
      return rank < 0 ? null : run.report().result().scenarios().get(rank);
    }

    @Override
    public int[] of(RunResult run, ScoredRows all) {
      return all.of(rank(run));
    }

    private int rank(RunResult run) {
      return run.report().scenarioNames().indexOf(column.name());
    }
  }

  /** All rows. */
  record All(Column column) implements MeasuredRows {
    @Override
    public Metrics metrics(RunResult run) {
      return run.report().result().overall();
    }

    @Override
    public int[] of(RunResult run, ScoredRows all) {
      return IntStream.range(0, all.size()).toArray();
    }
  }

  /** The rows of a slice. */
  record OfSlice(String slicing, Column column) implements MeasuredRows {
    @Override
    public @Nullable Metrics metrics(RunResult run) {
      return run.slices(slicing).stream()
          .filter(slice -> slice.name().equals(column.name()))
          .findFirst()
          .orElse(null);
    }

    @Override
    public int[] of(RunResult run, ScoredRows all) {
      return run.slicings().stream()
          .filter(own -> own.name().equals(slicing))
          .findFirst()
          .map(own -> own.rows(column.name(), all.size()))
          .orElse(new int[0]);
    }
  }
}
