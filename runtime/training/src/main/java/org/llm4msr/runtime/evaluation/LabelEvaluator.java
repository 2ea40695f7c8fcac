package org.llm4msr.runtime.evaluation;

import java.util.ArrayList;
import java.util.List;
import org.llm4msr.runtime.assembly.labels.ModelLabels;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.data.slices.Slicing;
import org.llm4msr.runtime.evaluation.metric.MetricList;

/**
 * Computes the metrics of further labels, in the memory of one {@link Evaluator} and one {@link
 * SliceEvaluator}. For use by one thread; closing it deletes its temporary files.
 */
final class LabelEvaluator implements AutoCloseable {

  private final ModelLabels labels;
  private final List<Evaluator> evaluators = new ArrayList<>();
  private final List<SliceEvaluator> slices = new ArrayList<>();

  /**
   * Makes an evaluator of the labels of a model.
   *
   * @param scenarios the scenarios' keys, by rank
   * @param slicings ways to divide the part
   */
  LabelEvaluator(
      ModelLabels labels, List<String> scenarios, List<Slicing> slicings, MetricList metrics) {
    this.labels = labels;
    for (int label = 0; label < labels.names().size(); label++) {
      int share = Evaluator.ROWS_IN_MEMORY / labels.names().size();
      evaluators.add(new Evaluator(scenarios, metrics, null, share));
      slices.add(new SliceEvaluator(slicings, metrics, share));
    }
  }

  /**
   * Adds rows.
   *
   * @param probability by label of the model, then by row
   */
  void add(Batch batch, float[][] probability) {
    float[][] values = batch.labels;
    for (int l = 0; values != null && l < evaluators.size(); l++) {
      float[] value = values[labels.labels().get(l).column()];
      for (int i = 0; i < batch.size; i++) {
        if (!Float.isNaN(value[i])) {
          evaluators.get(l).add(batch.scenario[i], batch.user[i], value[i], probability[l][i]);
          slices.get(l).add(batch.row[i], batch.user[i], value[i], probability[l][i]);
        }
      }
    }
  }

  /** Returns the metrics of all rows so far. */
  List<LabelMetrics> result() {
    List<LabelMetrics> results = new ArrayList<>();
    for (int label = 0; label < evaluators.size(); label++) {
      EvaluationResult result = evaluators.get(label).result();
      results.add(
          new LabelMetrics(
              labels.names().get(label),
              result.overall(),
              result.scenarios(),
              slices.get(label).result()));
    }
    return results;
  }

  @Override
  public void close() {
    evaluators.forEach(Evaluator::close);
    slices.forEach(SliceEvaluator::close);
  }
}
