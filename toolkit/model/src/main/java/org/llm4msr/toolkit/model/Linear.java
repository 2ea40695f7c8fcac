package org.llm4msr.toolkit.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import org.llm4msr.api.Stability;
import org.llm4msr.api.internal.ChainedLayer;
import org.llm4msr.api.internal.Follow;
import org.llm4msr.api.model.Activation;
import org.llm4msr.api.model.Decay;
import org.llm4msr.api.model.Initializer;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.Parameter;
import org.llm4msr.api.model.Pass;

/**
 * A linear layer {@code x W + b} with parameters {@code weight} (in, out) and {@code bias} (out).
 */
@Stability(level = Stability.Level.UNSTABLE, since = "0.1")
public final class Linear {

  private final Parameter weight;
  private final Parameter bias;

  /** Makes the parameters of a layer. */
  public Linear(ModelContext context, int in, int out) {
    weight = context.parameter("weight", new Shape(in, out), Initializer.linear(in), Decay.YES);
    bias = context.parameter("bias", new Shape(out), Initializer.linear(in), Decay.NO);
  }

  /** Computes (B, in) to (B, out). */
  public NDArray forward(NDArray x) {
    return x.matMul(weight.array()).add(bias.array());
  }

  /** Computes (B, in) to (B, out), then applies the activation. */
  public NDArray forward(Pass pass, NDArray x, Activation activation) {
    return forward(pass, x, new Follow(activation, null));
  }

  NDArray forward(Pass pass, NDArray x, Follow follow) {
    return Layers.linear(pass, x, weight, bias, follow);
  }

  ChainedLayer chained(Follow follow) {
    return new ChainedLayer(weight, bias, follow);
  }

  /** Returns W: (in, out). */
  public NDArray weight() {
    return weight.array();
  }

  Parameter weights() {
    return weight;
  }

  Parameter biases() {
    return bias;
  }

  /** Returns b: (out). */
  public NDArray bias() {
    return bias.array();
  }
}
