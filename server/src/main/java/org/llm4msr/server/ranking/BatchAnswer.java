package org.llm4msr.server.ranking;

import java.util.List;
import org.llm4msr.runtime.scoring.RowScores;

/**
 * What is answered to a batch of rows.
 *
 * @param labels names of the further labels of the model, in the order of the scores
 */
public record BatchAnswer(List<String> labels, RowScores scores) {

  public BatchAnswer {
    labels = List.copyOf(labels);
  }
}
