package org.llm4msr.runtime.training.loss;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.assembly.labels.ModelLabel;
import org.llm4msr.runtime.assembly.labels.ModelLabels;
import org.llm4msr.runtime.batch.Batch;

/**
 * How much the rows of one worker count in the loss of a batch that several workers share: the sum
 * of their weights by that of all rows. The losses of all workers, each times its share, add up to
 * the loss of the batch.
 *
 * @param main of the main label
 * @param further of further labels, in the order of the model
 */
public record LossShares(double main, List<Double> further) {

  public LossShares {
    further = List.copyOf(further);
  }

  /** Returns those of a worker that has all rows, or none of them. */
  public static LossShares of(boolean all, ModelLabels labels) {
    double share = all ? 1 : 0;
    return new LossShares(share, Collections.nCopies(labels.labels().size(), share));
  }

  /** Returns those of some rows of a batch. */
  public static LossShares of(Batch own, Batch whole, ModelLabels labels) {
    List<Double> further = new ArrayList<>();
    for (ModelLabel label : labels.labels()) {
      double all = known(whole, label).weightSum();
      further.add(all == 0 ? 0 : known(own, label).weightSum() / all);
    }
    return new LossShares(
        rows(own, own.label).weightSum() / rows(whole, whole.label).weightSum(), further);
  }

  private static LabelRows known(Batch batch, ModelLabel label) {
    float @Nullable [][] values = batch.labels;
    return values == null
        ? new LabelRows(0, new float[0], null)
        : rows(batch, values[label.column()]).known();
  }

  private static LabelRows rows(Batch batch, float[] label) {
    return new LabelRows(batch.size, label, batch.weight);
  }
}
