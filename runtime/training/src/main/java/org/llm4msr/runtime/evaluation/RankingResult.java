package org.llm4msr.runtime.evaluation;

import static java.util.Objects.requireNonNull;

import java.util.List;

/**
 * The ranking metrics of an evaluation; Jackson writes and reads it.
 *
 * @param overall over all groups
 * @param scenarios by rank; the groups of a scenario have its rows alone
 */
public record RankingResult(RankingMetrics overall, List<RankingMetrics> scenarios) {

  public RankingResult {
    requireNonNull(overall, "overall is null");
    scenarios = List.copyOf(scenarios);
  }
}
