package org.llm4msr.runtime.evaluation;

import java.util.ArrayList;
import java.util.List;
import org.llm4msr.runtime.data.slices.Slicing;
import org.llm4msr.runtime.evaluation.metric.MetricList;

/**
 * Computes the metrics of slices, in the memory of one {@link Evaluator}. For use by one thread;
 * closing it deletes its temporary files.
 */
public final class SliceEvaluator implements AutoCloseable {

  private final List<Slicing> slicings;
  private final List<Evaluator> evaluators = new ArrayList<>();

  /** Makes an evaluator of rows of one part, the one that was divided. */
  public SliceEvaluator(List<Slicing> slicings, MetricList metrics) {
    this(slicings, metrics, Evaluator.ROWS_IN_MEMORY);
  }

  /**
   * Makes an evaluator.
   *
   * @param rowsInMemory rows that are held in memory, as an {@link Evaluator} counts them
   */
  SliceEvaluator(List<Slicing> slicings, MetricList metrics, int rowsInMemory) {
    this.slicings = List.copyOf(slicings);
    for (Slicing slicing : slicings) {
      int share = Math.max(1, rowsInMemory / slicings.size());
      evaluators.add(new Evaluator(slicing.slices(), metrics, null, share));
    }
  }

  /**
   * Adds rows.
   *
   * @param n the number of rows, which come first in each array
   * @param row each row's number in its part
   * @param user index of each row's user
   * @param label 0 or 1
   * @param probability in [0, 1]
   */
  public void add(int n, long[] row, int[] user, float[] label, float[] probability) {
    for (int i = 0; i < n; i++) {
      add(row[i], user[i], label[i], probability[i]);
    }
  }

  void add(long row, int user, float label, float probability) {
    for (int s = 0; s < slicings.size(); s++) {
      int left = slicings.get(s).of(row);
      while (left != 0) {
        int slice = Integer.numberOfTrailingZeros(left);
        evaluators.get(s).add(slice, user, label, probability);
        left &= left - 1;
      }
    }
  }

  /** Returns the metrics of all rows so far. */
  public List<SlicedMetrics> result() {
    List<SlicedMetrics> results = new ArrayList<>();
    for (int s = 0; s < slicings.size(); s++) {
      Slicing slicing = slicings.get(s);
      List<Metrics> slices = evaluators.get(s).result().scenarios();
      results.add(new SlicedMetrics(slicing.name(), slicing.title(), slices));
    }
    return results;
  }

  @Override
  public void close() {
    evaluators.forEach(Evaluator::close);
  }
}
