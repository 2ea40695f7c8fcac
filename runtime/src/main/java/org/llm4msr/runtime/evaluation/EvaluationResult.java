package org.llm4msr.runtime.evaluation;

import java.util.List;

/**
 * How well predictions fit.
 *
 * @param overall over all rows
 * @param scenarios per scenario, by rank
 */
public record EvaluationResult(Scores overall, List<Scores> scenarios) {

  public EvaluationResult {
    scenarios = List.copyOf(scenarios);
  }

  /**
   * Scores of some rows.
   *
   * @param auc area under the ROC curve, NaN where there is one class only
   */
  public record Scores(long rows, long positives, double auc, double logLoss) {}
}
