package org.llm4msr.serving.publishing;

import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.evaluation.EvaluationResult;

/**
 * The quality of a version, beside that of the one before.
 *
 * @param now metrics of the new version
 * @param before those of the version before on the same rows; null if there is none
 * @param change of the LogLoss, in nats: the new one's minus that before; 0 if there is none
 * @param standardError of that change, from the differences of the rows
 */
public record TrialResult(
    EvaluationResult now, @Nullable EvaluationResult before, double change, double standardError) {

  /** How many standard errors a change is worth before it counts. */
  static final double SURE = 2;

  /** Returns whether the new version is worse, and not by chance. */
  public boolean isWorse() {
    return change > SURE * standardError;
  }
}
