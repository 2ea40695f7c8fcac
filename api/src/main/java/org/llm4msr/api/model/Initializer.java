package org.llm4msr.api.model;

import org.llm4msr.api.Stability;

/** How a parameter starts. A closed set, drawn by the runtime from the run's seed. */
@Stability(level = Stability.Level.STABLE, since = "0.1")
public sealed interface Initializer {

  /** All elements equal. */
  record Constant(float value) implements Initializer {}

  /** Normal with mean 0. */
  record Normal(double deviation) implements Initializer {}

  /** Uniform in [-bound, bound]. */
  record Uniform(double bound) implements Initializer {}

  /** Returns zeros. */
  static Initializer zeros() {
    return new Constant(0);
  }

  /** Returns ones. */
  static Initializer ones() {
    return new Constant(1);
  }

  /**
   * Returns the usual start of a linear layer with {@code fanIn} inputs: uniform in plus or minus
   * the square root of 1 / fanIn (PyTorch's {@code Linear}).
   */
  static Initializer linear(int fanIn) {
    return new Uniform(Math.sqrt(1.0 / fanIn));
  }

  /** Returns Glorot's uniform start: bound sqrt(6 / (fanIn + fanOut)). */
  static Initializer glorot(int fanIn, int fanOut) {
    return new Uniform(Math.sqrt(6.0 / (fanIn + fanOut)));
  }
}
