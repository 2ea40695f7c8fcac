package org.llm4msr.plugins.backbones.adaptive;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import org.llm4msr.api.model.Decay;
import org.llm4msr.api.model.Initializer;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.Parameter;
import org.llm4msr.toolkit.model.GroupedRows;

/**
 * A linear layer whose weights are the shared ones times, and biases the shared ones plus, those of
 * the row's group.
 */
final class StarLayer {

  private final Parameter sharedWeight;
  private final Parameter sharedBias;
  private final Parameter weights;
  private final Parameter biases;

  /**
   * Makes a layer that starts as the shared one for all groups.
   *
   * @param group the prefix of a group's number in the names of parameters
   */
  StarLayer(ModelContext context, String group, int groups, int in, int out) {
    ModelContext shared = context.scope("shared");
    sharedWeight =
        shared.parameter("weight", new Shape(in, out), Initializer.linear(in), Decay.YES);
    sharedBias = shared.parameter("bias", new Shape(out), Initializer.linear(in), Decay.NO);
    ModelContext own = context.each(group, groups);
    weights = own.parameter("weight", new Shape(in, out), Initializer.ones(), Decay.YES);
    biases = own.parameter("bias", new Shape(out), Initializer.zeros(), Decay.NO);
  }

  /** Computes rows of {@code in} columns to {@code out}. */
  GroupedRows forward(GroupedRows rows) {
    return rows.scaledLinear(weights, sharedWeight, bias());
  }

  /** Computes all rows with the weights of all groups: (G, B, in) to (G, B, out). */
  NDArray forwardAll(NDArray x) {
    return x.matMul(weights.array().mul(sharedWeight.array())).add(bias().expandDims(1));
  }

  private NDArray bias() {
    return biases.array().add(sharedBias.array());
  }
}
