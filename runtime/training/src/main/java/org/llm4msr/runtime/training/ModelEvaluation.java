package org.llm4msr.runtime.training;

import org.llm4msr.runtime.assembly.Predictions;
import org.llm4msr.runtime.assembly.TrainableModel;
import org.llm4msr.runtime.calibration.Calibration;
import org.llm4msr.runtime.data.prepared.PreparedData;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.evaluation.EvaluationResult;
import org.llm4msr.runtime.evaluation.Evaluator;

/** Metrics of a model on a part of prepared data. */
public final class ModelEvaluation {

  private ModelEvaluation() {}

  /**
   * Predicts and evaluates all rows of a part, without calibration.
   *
   * @param evaluator is new, and closed afterwards
   */
  public static EvaluationResult of(
      TrainableModel model, PreparedData data, Split split, int batchSize, Evaluator evaluator) {
    try (evaluator) {
      Predictions.forEach(
          model,
          data,
          split,
          batchSize,
          (batch, values) -> {
            Calibration.NONE.probabilities(batch.size, batch.scenario, values, values);
            evaluator.add(batch.size, batch.scenario, batch.user, batch.label, values);
          });
      return evaluator.result();
    }
  }
}
