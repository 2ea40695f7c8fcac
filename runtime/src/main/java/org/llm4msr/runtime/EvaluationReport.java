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
 */
public record EvaluationReport(
    Path run, String split, List<String> scenarioNames, EvaluationResult result) {

  public EvaluationReport {
    scenarioNames = List.copyOf(scenarioNames);
  }
}
