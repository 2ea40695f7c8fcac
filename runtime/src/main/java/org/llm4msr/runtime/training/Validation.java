package org.llm4msr.runtime.training;

import org.llm4msr.runtime.evaluation.EvaluationResult;

/**
 * One look at the validation part.
 *
 * @param step training steps done
 * @param epoch the epoch they ended in, from 0
 * @param trainingLoss mean loss of the steps since the look before
 * @param result of the validation part
 */
public record Validation(long step, int epoch, double trainingLoss, EvaluationResult result) {}
