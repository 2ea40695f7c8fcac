package org.llm4msr.runtime.evaluation;

import static java.util.Objects.requireNonNull;

import java.util.List;

/**
 * What an evaluation found; Jackson writes and reads it.
 *
 * @param overall over all rows
 * @param scenarios by rank, also those without rows
 */
public record EvaluationResult(Metrics overall, List<Metrics> scenarios) {

  public EvaluationResult {
    requireNonNull(overall, "overall is null");
    scenarios = List.copyOf(scenarios);
  }
}
