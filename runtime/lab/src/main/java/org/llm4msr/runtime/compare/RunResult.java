package org.llm4msr.runtime.compare;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.evaluation.Metrics;
import org.llm4msr.runtime.experiment.EvaluationReport;

/**
 * A run that was trained and measured.
 *
 * @param name of the run
 * @param predictions its rows, as Arrow
 * @param drawn key of the data if its negatives were drawn: other data has other items in rows that
 *     otherwise look alike; empty if none were drawn
 * @param seconds of training, or NaN
 */
record RunResult(
    String name, EvaluationReport report, Path predictions, String drawn, double seconds) {

  /** Returns the folder of the run. */
  Path folder() {
    return predictions.resolveSibling("");
  }

  /** Returns the metrics of a scenario by its name, or null if the run has none. */
  @Nullable Metrics metrics(String scenario) {
    int rank = report.scenarioNames().indexOf(scenario);
    return rank < 0 ? null : report.result().scenarios().get(rank);
  }
}
