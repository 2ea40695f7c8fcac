package org.llm4msr.runtime.training.loss;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.assembly.BatchInputs;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.config.LossConfig;
import org.llm4msr.runtime.config.TrainingConfig;
import org.llm4msr.runtime.data.prepared.PreparedScenario;

/**
 * The loss of a batch: sum of w f l over the rows, divided by the sum of w. Here l is the loss of a
 * row, w its weight, and f the factors of its scenario and its label. Without weights that is the
 * mean over the rows.
 *
 * <p>With the logit x and the label y smoothed to y' = y (1 - e) + e / 2, cross-entropy is
 * softplus(x) - x y'. Focal loss multiplies it by q^gamma, where q = y' (1 - p) + (1 - y') p and p
 * = sigmoid(x): equations 4 and 5 of Lin et al., Focal Loss for Dense Object Detection, ICCV 2017,
 * with soft labels as in Keras.
 */
public final class BatchLoss {

  private final LossConfig config;
  private final float @Nullable [] scenarioWeights;
  private final BatchInputs labels = new BatchInputs();
  private final BatchInputs factors = new BatchInputs();

  /** Label 1 after smoothing; label 0 becomes 1 less it. */
  private final double positive;

  /**
   * Makes a loss.
   *
   * @throws MsrException {@code training/UNKNOWN_SCENARIO} where a weight names no scenario
   */
  public BatchLoss(TrainingConfig config, List<PreparedScenario> scenarios) {
    this.config = config.loss();
    this.positive = 1 - this.config.labelSmoothing() / 2;
    this.scenarioWeights = weights(config.scenarioWeights(), scenarios);
  }

  private static float @Nullable [] weights(
      Map<String, Double> byKey, List<PreparedScenario> scenarios) {
    List<String> keys = scenarios.stream().map(PreparedScenario::key).toList();
    for (String key : byKey.keySet()) {
      if (!keys.contains(key)) {
        throw new MsrException(
            ErrorType.USER,
            "training/UNKNOWN_SCENARIO",
            "training.scenarioWeights names the scenario '%s', which the data does not have. Its scenarios are %s."
                .formatted(key, keys));
      }
    }
    if (byKey.values().stream().allMatch(weight -> weight == 1)) {
      return null;
    }
    float[] weights = new float[keys.size()];
    for (int s = 0; s < weights.length; s++) {
      weights[s] = byKey.getOrDefault(keys.get(s), 1.0).floatValue();
    }
    return weights;
  }

  /**
   * Returns the loss of the main label, a single number.
   *
   * @param logits (B), in the order of the batch
   */
  public NDArray of(NDManager manager, NDArray logits, Batch batch) {
    return of(
        manager, logits, batch.scenario, new LabelRows(batch.size, batch.label, batch.weight));
  }

  /**
   * Returns the loss of a label, a single number.
   *
   * @param logits (B), in the order of the rows
   * @param scenario rank of each row's scenario
   */
  NDArray of(NDManager manager, NDArray logits, int[] scenario, LabelRows rows) {
    NDArray perRow =
        config.name() == LossConfig.Form.FOCAL && config.gamma() > 0
            ? focal(manager, logits, rows)
            : crossEntropy(manager, logits, rows);
    if (rows.weight() == null && scenarioWeights == null && config.alpha() == null) {
      return perRow.mean();
    }
    NDArray weighted = perRow.mul(factors(manager, scenario, rows));
    return rows.weight() == null ? weighted.mean() : weighted.sum();
  }

  private NDArray crossEntropy(NDManager manager, NDArray logits, LabelRows rows) {
    FloatBuffer target = labels.floats(rows.size());
    for (int i = 0; i < rows.size(); i++) {
      target.put(i, (float) label(rows.isPositive(i)));
    }
    NDArray y = labels.array(manager, new Shape(rows.size()));
    return Activation.softPlus(logits).sub(logits.mul(y));
  }

  /**
   * Focal loss by z, the logit of the row's own label: both labels have the same formula, and what
   * is small is not the difference of what is large. Without smoothing, q^gamma = exp(-gamma
   * softplus(z)), which has a finite gradient where q underflows.
   */
  private NDArray focal(NDManager manager, NDArray logits, LabelRows rows) {
    FloatBuffer target = labels.floats(rows.size());
    for (int i = 0; i < rows.size(); i++) {
      target.put(i, rows.isPositive(i) ? 1 : -1);
    }
    NDArray z = logits.mul(labels.array(manager, new Shape(rows.size())));
    NDArray ofOwn = Activation.softPlus(z.neg());
    NDArray ofOther = Activation.softPlus(z);
    if (positive == 1) {
      return ofOther.mul(manager.create((float) -config.gamma())).exp().mul(ofOwn);
    }
    // Arrays, since DJL may release the number of mul(Number) before the backward pass.
    NDArray own = manager.create((float) positive);
    NDArray other = manager.create((float) (1 - positive));
    NDArray q = Activation.sigmoid(z.neg()).mul(own).add(Activation.sigmoid(z).mul(other));
    NDArray entropy = ofOwn.mul(own).add(ofOther.mul(other));
    return q.log().mul(manager.create((float) config.gamma())).exp().mul(entropy);
  }

  private NDArray factors(NDManager manager, int[] scenario, LabelRows rows) {
    float @Nullable [] weight = rows.weight();
    double sum = rows.weightSum();
    FloatBuffer target = factors.floats(rows.size());
    for (int i = 0; i < rows.size(); i++) {
      double share = weight == null ? 1 : weight[i] / sum;
      target.put(i, (float) (share * factor(scenario[i], rows.isPositive(i))));
    }
    return factors.array(manager, new Shape(rows.size()));
  }

  /**
   * Returns f: what the settings make of the loss of a row by its scenario's rank and its label.
   */
  public double factor(int scenario, boolean isPositive) {
    double ofScenario = scenarioWeights == null ? 1 : scenarioWeights[scenario];
    if (config.alpha() == null) {
      return ofScenario;
    }
    double y = label(isPositive);
    return ofScenario * (y * config.alpha() + (1 - y) * (1 - config.alpha()));
  }

  private double label(boolean isPositive) {
    return isPositive ? positive : 1 - positive;
  }
}
