package org.llm4msr.runtime.gradients;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The gradient that operations outside the engine hand over, as arrays of the step. */
public final class AddedGradient implements ParameterGradient {

  private @Nullable NDArray sum;

  /** Adds a gradient and takes the array over. */
  public void add(NDArray gradient) {
    sum = sum == null ? gradient : sum.addi(gradient);
  }

  /** Ends the step, which closes the arrays. */
  public void reset() {
    sum = null;
  }

  @Override
  public boolean isUsed() {
    return sum != null;
  }

  /** A handle that the caller may close. */
  @Override
  public NDList arrays() {
    return new NDList(Objects.requireNonNull(sum, "nothing was added").stopGradient());
  }
}
