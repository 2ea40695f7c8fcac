package org.llm4msr.runtime.evaluation;

import static java.util.Objects.requireNonNull;

import java.util.List;

/**
 * The metrics of an evaluation; Jackson writes and reads it.
 *
 * @param overall over all rows
 * @param scenarios by rank, including those without rows
 * @param calibration over all rows, by rising probability; bins without rows are left out
 */
public record EvaluationResult(
    Metrics overall, List<Metrics> scenarios, List<CalibrationBin> calibration) {

  public EvaluationResult {
    requireNonNull(overall, "overall is null");
    scenarios = List.copyOf(scenarios);
    // Files of earlier versions have none.
    calibration = calibration == null ? List.of() : List.copyOf(calibration);
  }
}
