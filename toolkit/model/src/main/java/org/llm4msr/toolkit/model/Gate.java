package org.llm4msr.toolkit.model;

import ai.djl.ndarray.NDArray;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.Stability;
import org.llm4msr.api.internal.ChainedLayer;
import org.llm4msr.api.internal.Follow;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.Pass;

/**
 * Softmax gates over n experts: one for all rows, or one per scenario. A few gates are computed in
 * one product, of which each row keeps its own part; many are computed scenario by scenario, unless
 * scores are normalised over the batch. A scenario without rows gets no gradient.
 */
@Stability(level = Stability.Level.UNSTABLE, since = "0.1")
public final class Gate {

  /**
   * The largest number of all gates' scores for which one product of all rows and gates is
   * cheapest.
   */
  private static final int FEW_COLUMNS = 64;

  private final Linear linear;
  private final int gates;
  private final int experts;
  private final @Nullable BatchNorm norm;

  private Gate(ModelContext context, int in, int experts, int gates, boolean batchNorm) {
    this.gates = gates;
    this.experts = experts;
    linear = new Linear(context.each("gate", gates), in, experts);
    norm = batchNorm ? new BatchNorm(context.scope("gate-norm"), gates * experts) : null;
  }

  /** Makes one gate for all rows. */
  public static Gate shared(ModelContext context, int in, int experts) {
    return shared(context, in, experts, false);
  }

  /**
   * Makes one gate for all rows.
   *
   * @param batchNorm whether scores are normalised over the batch before the softmax
   */
  public static Gate shared(ModelContext context, int in, int experts, boolean batchNorm) {
    return new Gate(context, in, experts, 1, batchNorm);
  }

  /** Makes one gate per scenario. */
  public static Gate perScenario(ModelContext context, int in, int experts) {
    return perScenario(context, in, experts, false);
  }

  /**
   * Makes one gate per scenario.
   *
   * @param batchNorm whether scores are normalised over the batch before the softmax
   */
  public static Gate perScenario(ModelContext context, int in, int experts, boolean batchNorm) {
    return new Gate(context, in, experts, context.scenarios().size(), batchNorm);
  }

  /** Computes each row's weights: (B, in) to (B, n), which sum to 1. */
  public NDArray forward(Pass pass, NDArray x) {
    return forward(pass, GroupedRows.of(pass.scenarios(), x));
  }

  /**
   * Computes the weights of rows that are laid out by scenario: (B, n), in the order of the batch.
   */
  public NDArray forward(Pass pass, GroupedRows rows) {
    boolean oneByOne = rows.lieInOrder() || gates * experts > FEW_COLUMNS;
    if (gates > 1 && norm == null && oneByOne) {
      return rows.linear(linear).toRows().softmax(-1);
    }
    NDArray scores = scores(pass, rows.toRows());
    if (norm != null) {
      scores = norm.forward(pass, scores);
    }
    return own(pass, scores).softmax(-1);
  }

  /**
   * Mixes the outputs of experts, as a sum of products: B small matrix products take twice as long.
   *
   * @param weights (B, n)
   * @param outputs (B, n, H)
   * @return (B, H)
   */
  public static NDArray mix(Pass pass, NDArray weights, NDArray outputs) {
    return Layers.of(pass, runtime -> runtime.mix(weights, outputs))
        .orElseGet(() -> weights.expandDims(2).mul(outputs).sum(new int[] {1}));
  }

  /** The scores of all gates: (B, gates * n). */
  private NDArray scores(Pass pass, NDArray x) {
    if (gates == 1) {
      ChainedLayer layer = new ChainedLayer(linear.weights(), linear.biases(), Follow.NOTHING);
      return Layers.layer(pass, x, layer).orElseGet(() -> scores(x));
    }
    return scores(x);
  }

  private NDArray scores(NDArray x) {
    NDArray sideBySide = linear.weight().transpose(1, 0, 2).reshape(-1, (long) gates * experts);
    return x.matMul(sideBySide).add(linear.bias().reshape(-1));
  }

  /** The scores of each row's own gate: (B, n). */
  private NDArray own(Pass pass, NDArray scores) {
    if (gates == 1) {
      return scores;
    }
    NDArray own = pass.scenarios().rowValues(pass.manager().eye(gates)).expandDims(2);
    NDArray byGate = scores.reshape(scores.getShape().get(0), gates, experts);
    return byGate.mul(own).sum(new int[] {1});
  }
}
