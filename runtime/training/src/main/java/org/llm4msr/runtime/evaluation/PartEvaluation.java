package org.llm4msr.runtime.evaluation;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.assembly.labels.ModelLabels;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.data.keys.RowGroups;
import org.llm4msr.runtime.data.slices.Slicing;

/**
 * All metrics of one part, in one pass over its rows: of the scenarios, of slices, and of groups if
 * there are any. For use by one thread; closing it closes the evaluators.
 */
public final class PartEvaluation implements AutoCloseable {

  private final Evaluator evaluator;
  private final SliceEvaluator slices;
  private final @Nullable RowGroups groups;
  private final LabelEvaluator labels;
  private final @Nullable RankingEvaluator ranking;

  /**
   * Makes an evaluation.
   *
   * @param evaluator of the scenarios, new; slices and labels have its metrics
   * @param scenarios their keys, by rank
   * @param slicings ways to divide the part
   * @param groups of its rows; null if they do not count
   * @param cutoffs as {@link RankingEvaluator} has them
   * @param labels further ones that the model learns
   */
  public PartEvaluation(
      Evaluator evaluator,
      List<String> scenarios,
      List<Slicing> slicings,
      @Nullable RowGroups groups,
      List<Integer> cutoffs,
      ModelLabels labels) {
    this.evaluator = evaluator;
    this.labels = new LabelEvaluator(labels, scenarios, slicings, evaluator.metrics());
    this.slices = new SliceEvaluator(slicings, evaluator.metrics());
    this.groups = groups;
    this.ranking =
        groups != null && groups.any()
            ? new RankingEvaluator(scenarios, cutoffs, null, Evaluator.ROWS_IN_MEMORY)
            : null;
  }

  /**
   * Adds the rows of a batch with their probabilities.
   *
   * @param further those of further labels, by label of the model
   */
  public void add(Batch batch, float[] probability, float[][] further) {
    labels.add(batch, further);
    evaluator.add(batch.size, batch.scenario, batch.user, batch.label, probability);
    slices.add(batch.size, batch.row, batch.user, batch.label, probability);
    if (ranking != null && groups != null) {
      for (int i = 0; i < batch.size; i++) {
        int group = groups.of(batch.row[i]);
        ranking.add(batch.scenario[i], group, batch.label[i], probability[i]);
      }
    }
  }

  /** Returns the metrics of the scenarios, of all rows and of further labels. */
  public EvaluationResult result() {
    return evaluator.result().with(labels.result());
  }

  /** Returns the metrics of the slices. */
  public List<SlicedMetrics> slices() {
    return slices.result();
  }

  /** Returns the metrics of the groups; null if there are none. */
  public @Nullable RankingResult ranking() {
    return ranking == null ? null : ranking.result();
  }

  @Override
  public void close() {
    try (evaluator;
        slices;
        labels;
        ranking) {
      // All are closed, even if one fails.
    }
  }
}
