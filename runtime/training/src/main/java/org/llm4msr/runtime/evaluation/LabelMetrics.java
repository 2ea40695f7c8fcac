package org.llm4msr.runtime.evaluation;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;

/**
 * The metrics of a further label, over the rows where it is known.
 *
 * @param label its name
 * @param overall over all of these rows
 * @param scenarios by rank, including those without rows
 * @param slices those of the main label
 */
public record LabelMetrics(
    String label,
    Metrics overall,
    List<Metrics> scenarios,
    @JsonInclude(JsonInclude.Include.NON_EMPTY) List<SlicedMetrics> slices) {

  public LabelMetrics {
    requireNonNull(label, "label is null");
    requireNonNull(overall, "overall is null");
    scenarios = List.copyOf(scenarios);
    // Files of earlier versions have none.
    slices = slices == null ? List.of() : List.copyOf(slices);
  }
}
