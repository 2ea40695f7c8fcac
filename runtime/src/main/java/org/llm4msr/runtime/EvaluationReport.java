package org.llm4msr.runtime;

import java.nio.file.Path;
import java.util.List;
import org.llm4msr.runtime.evaluation.EvaluationResult;

/**
 * What an evaluation gave.
 *
 * @param run the run folder
 * @param split the part that was evaluated
 * @param scenarioNames names of the scenarios, by rank
 * @param result the metrics
 * @param finished whether training of the run is over; otherwise this is its best state so far
 * @param leakFutureInteractions whether the model was trained with prompts that tell of validation
 *     and test rows, so that the metrics are no measure of it
 */
public record EvaluationReport(
    Path run,
    String split,
    List<String> scenarioNames,
    EvaluationResult result,
    boolean finished,
    boolean leakFutureInteractions) {

  public EvaluationReport {
    scenarioNames = List.copyOf(scenarioNames);
  }
}
