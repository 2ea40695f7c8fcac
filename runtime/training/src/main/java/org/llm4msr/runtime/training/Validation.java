package org.llm4msr.runtime.training;

import java.util.List;
import org.llm4msr.runtime.evaluation.EvaluationResult;

/**
 * One look at the validation part.
 *
 * @param step training steps done
 * @param epoch the epoch they ended in, from 0
 * @param trainingLoss mean loss of the steps since the look before
 * @param result of the validation part
 */
public record Validation(long step, int epoch, double trainingLoss, EvaluationResult result) {

  /** Leaves out the scenarios and the calibration: a long run has thousands of validations. */
  Validation inShort() {
    return new Validation(
        step, epoch, trainingLoss, new EvaluationResult(result.overall(), List.of(), List.of()));
  }
}
