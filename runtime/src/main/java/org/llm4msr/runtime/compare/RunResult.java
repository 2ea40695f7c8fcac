package org.llm4msr.runtime.compare;

import java.nio.file.Path;
import org.llm4msr.runtime.EvaluationReport;
import org.llm4msr.runtime.evaluation.Metrics;

/**
 * A run that was trained and measured.
 *
 * @param name of the run
 * @param predictions its rows, as Arrow
 * @param seconds of training, or NaN
 */
record RunResult(String name, EvaluationReport report, Path predictions, double seconds) {

  /** Returns the folder of the run. */
  Path folder() {
    return predictions.resolveSibling("");
  }

  /** Returns the metrics of a scenario, or of all rows where there is no such rank. */
  Metrics metrics(int column) {
    return column < report.result().scenarios().size()
        ? report.result().scenarios().get(column)
        : report.result().overall();
  }
}
