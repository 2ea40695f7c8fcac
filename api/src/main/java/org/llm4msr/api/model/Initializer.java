package org.llm4msr.api.model;

import org.llm4msr.api.Stability;

/** The initial values of a parameter. A closed set; the runtime draws them from the run's seed. */
@Stability(level = Stability.Level.STABLE, since = "0.1")
public sealed interface Initializer {

  /** All elements equal. */
  record Constant(float value) implements Initializer {}

  /** Normally distributed with mean 0. */
  record Normal(double deviation) implements Initializer {}

  /** Uniformly distributed in [-bound, bound]. */
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
   * Returns the usual initialisation of a linear layer with {@code fanIn} inputs: uniform, with
   * bound sqrt(1 / fanIn) (PyTorch's {@code Linear}).
   */
  static Initializer linear(int fanIn) {
    return new Uniform(Math.sqrt(1.0 / fanIn));
  }

  /** Returns Glorot's uniform initialisation: bound sqrt(6 / (fanIn + fanOut)). */
  static Initializer glorot(int fanIn, int fanOut) {
    return new Uniform(Math.sqrt(6.0 / (fanIn + fanOut)));
  }
}
