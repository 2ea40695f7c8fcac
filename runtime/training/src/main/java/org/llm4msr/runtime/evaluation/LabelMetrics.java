package org.llm4msr.runtime.evaluation;

import static java.util.Objects.requireNonNull;

import java.util.List;

/**
 * The metrics of a further label, over the rows where it is known. Its probabilities are not
 * calibrated.
 *
 * @param label its name
 * @param overall over all of these rows
 * @param scenarios by rank, including those without rows
 */
public record LabelMetrics(String label, Metrics overall, List<Metrics> scenarios) {

  public LabelMetrics {
    requireNonNull(label, "label is null");
    requireNonNull(overall, "overall is null");
    scenarios = List.copyOf(scenarios);
  }
}
