package org.llm4msr.runtime.compare;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The result of a search.
 *
 * @param keys the keys that were searched
 * @param trials all trials that were begun, the best first; those of a later round before those of
 *     an earlier one
 * @param best settings of the best trial, {@code key=value} each; none if the experiment's own are
 *     the best
 * @param overrides all in which the best trial differs from the experiment's file, {@code
 *     key=value} each: the settings of the search, its own, and its workspace if it has one;
 *     secrets are left out
 * @param last the last round as a table: trial 0 and the trials that were trained as long as the
 *     best
 * @param outOfTime whether the budget ended the search
 */
public record TuningResult(
    List<String> keys,
    List<Trial> trials,
    List<String> best,
    List<String> overrides,
    ComparisonResult last,
    boolean outOfTime) {

  public TuningResult {
    keys = List.copyOf(keys);
    trials = List.copyOf(trials);
    best = List.copyOf(best);
    overrides = List.copyOf(overrides);
  }

  /**
   * One setting that was tried.
   *
   * @param number from 1, in the order of the draws; 0 is the experiment as it is
   * @param values by key; empty for trial 0
   * @param round the last round that it took part in, from 1
   * @param epochs of that round, or its own if they are searched
   * @param value the objective of the search over all validation rows in that round, mean over the
   *     seeds, in files by its name; null if a run failed
   */
  public record Trial(
      int number, List<String> values, int round, int epochs, @Nullable Double value) {

    public Trial {
      values = List.copyOf(values);
    }
  }
}
