package org.llm4msr.runtime.training.loss;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.assembly.TrainableModel;
import org.llm4msr.runtime.assembly.labels.ModelLabel;
import org.llm4msr.runtime.assembly.labels.ModelLabels;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.config.TrainingConfig;
import org.llm4msr.runtime.data.prepared.PreparedScenario;

/**
 * The losses of further labels: each that of {@link BatchLoss} over the rows whose label is known,
 * times the weight of the label. A label that no row of a batch has adds nothing to its loss.
 */
public final class LabelLosses {

  private final ModelLabels labels;
  private final List<BatchLoss> losses;

  /** Makes the losses of a model's labels. */
  public LabelLosses(ModelLabels labels, TrainingConfig config, List<PreparedScenario> scenarios) {
    this.labels = labels;
    losses = labels.names().stream().map(name -> new BatchLoss(config, scenarios)).toList();
  }

  /** Returns the name of the term of a label. */
  public static String term(String label) {
    return "label/" + label;
  }

  /** Adds them to the loss of a pass, as terms that metrics show. */
  public void add(NDManager manager, TrainableModel.Forward forward, Batch batch) {
    add(manager, forward, batch, null);
  }

  /**
   * Adds them as above.
   *
   * @param shares factors on them, null where all are 1
   */
  public void add(
      NDManager manager, TrainableModel.Forward forward, Batch batch, @Nullable LossShares shares) {
    NDArray towers = forward.towers();
    if (towers == null) {
      return;
    }
    float[][] values = batch.labels;
    if (values == null) {
      throw new MsrException(
          ErrorType.DATA,
          "training/NO_LABELS",
          "The training rows have no further labels, but the model learns %s. Prepare the data again."
              .formatted(labels.names()));
    }
    NDList logits = labels.logits(forward.logits().reshape(new Shape(batch.size)), towers);
    for (int l = 0; l < losses.size(); l++) {
      ModelLabel label = labels.labels().get(l);
      LabelRows rows = new LabelRows(batch.size, values[label.column()], batch.weight).known();
      if (rows.weightSum() > 0) {
        NDArray loss = losses.get(l).of(manager, logits.get(l), batch.scenario, rows);
        double share = shares == null ? 1 : shares.further().get(l);
        forward
            .pass()
            .addLoss(
                term(label.name()), loss.mul(manager.create((float) (label.weight() * share))));
      }
    }
  }
}
