package org.llm4msr.toolkit.model;

import ai.djl.ndarray.NDArray;
import org.llm4msr.api.Stability;

/**
 * Multiplication by a number, with a correct gradient. DJL's own {@code mul(Number)}, {@code
 * div(Number)} and {@code pow(Number)} on PyTorch release the number's memory before the backward
 * pass reads it: if the garbage collector runs in between, the gradient is scaled by whatever the
 * memory then holds. In inference, and for {@code add} and {@code sub}, they are safe.
 */
@Stability(level = Stability.Level.UNSTABLE, since = "0.1")
public final class Scale {

  private Scale() {}

  /** Returns x times a number, of the shape of x. */
  public static NDArray by(NDArray x, double factor) {
    // The manager of x, or the scope of the step, holds the number until the step ends.
    return x.mul(x.getManager().create((float) factor));
  }
}
