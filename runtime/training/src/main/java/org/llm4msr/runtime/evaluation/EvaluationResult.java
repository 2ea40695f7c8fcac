package org.llm4msr.runtime.evaluation;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import org.llm4msr.runtime.evaluation.metric.CalibrationBin;

/**
 * The metrics of an evaluation; Jackson writes and reads it.
 *
 * @param overall over all rows
 * @param scenarios by rank, including those without rows
 * @param calibration over all rows, by rising probability; bins without rows are left out
 * @param labels metrics of the further labels that the model learns
 */
public record EvaluationResult(
    Metrics overall,
    List<Metrics> scenarios,
    List<CalibrationBin> calibration,
    @JsonInclude(JsonInclude.Include.NON_EMPTY) List<LabelMetrics> labels) {

  /** Makes the metrics of one label. */
  public EvaluationResult(
      Metrics overall, List<Metrics> scenarios, List<CalibrationBin> calibration) {
    this(overall, scenarios, calibration, List.of());
  }

  public EvaluationResult {
    requireNonNull(overall, "overall is null");
    scenarios = List.copyOf(scenarios);
    // Files of earlier versions have none.
    calibration = calibration == null ? List.of() : List.copyOf(calibration);
    labels = labels == null ? List.of() : List.copyOf(labels);
  }

  /** Returns this with the metrics of further labels. */
  EvaluationResult with(List<LabelMetrics> further) {
    return new EvaluationResult(overall, scenarios, calibration, further);
  }
}
