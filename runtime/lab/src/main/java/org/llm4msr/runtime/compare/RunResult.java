package org.llm4msr.runtime.compare;

import java.nio.file.Path;
import java.util.List;
import org.llm4msr.runtime.data.slices.Slicing;
import org.llm4msr.runtime.evaluation.Metrics;
import org.llm4msr.runtime.experiment.EvaluationReport;

/**
 * A run that was trained and measured.
 *
 * @param name of the run
 * @param predictions its rows, as Arrow
 * @param slicings how its rows are divided, as in the report
 * @param drawn key of the data if its negatives were drawn: other data has other items in rows that
 *     otherwise look alike; empty if none were drawn
 * @param stillImproving whether its last validation was the best
 * @param seconds of training, or NaN
 * @param label whose metrics the report has
 */
record RunResult(
    String name,
    EvaluationReport report,
    Path predictions,
    List<Slicing> slicings,
    String drawn,
    boolean stillImproving,
    double seconds,
    MeasuredLabel label) {

  /** Returns the folder of the run. */
  Path folder() {
    return predictions.resolveSibling("");
  }

  /** Returns the predictions of the label. */
  ScoredRows rows() {
    return ScoredRows.read(predictions, label);
  }

  /** Returns the metrics of the slices of one way to divide rows; none if it was not measured. */
  List<Metrics> slices(String slicing) {
    return report.slices().stream()
        .filter(sliced -> sliced.name().equals(slicing))
        .flatMap(sliced -> sliced.slices().stream())
        .toList();
  }
}
