package org.llm4msr.api.model;

import ai.djl.ndarray.NDArray;
import org.llm4msr.api.Stability;

/** The function that follows a layer. */
@Stability(level = Stability.Level.STABLE, since = "0.1")
public enum Activation {
  /** x. */
  NONE,
  /** max(x, 0). */
  RELU,
  /** max(x, 0.01 x). */
  LEAKY_RELU,
  /** The hyperbolic tangent. */
  TANH,
  /** 1 / (1 + exp(-x)). */
  SIGMOID;

  /** Applies the function element-wise. */
  public NDArray apply(NDArray x) {
    return switch (this) {
      case NONE -> x;
      case RELU -> ai.djl.nn.Activation.relu(x);
      case LEAKY_RELU -> ai.djl.nn.Activation.leakyRelu(x, 0.01f);
      case TANH -> x.tanh();
      case SIGMOID -> ai.djl.nn.Activation.sigmoid(x);
    };
  }
}
