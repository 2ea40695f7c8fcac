package org.llm4msr.runtime.gradients;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDScope;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.engine.TorchGradients;

/** The gradient that the engine computes for the array as a whole. */
public final class WholeGradient implements ParameterGradient, AutoCloseable {

  private final NDArray array;
  private @Nullable NDArray guarded;
  private boolean used;

  /** Makes the way of an array, which it takes over. */
  public WholeGradient(NDArray array) {
    this.array = array;
  }

  /** Returns the array for use in a pass. */
  public NDArray use() {
    boolean guards = TorchGradients.serve(array.getManager());
    if (guards && !TorchGradients.areRecorded()) {
      return array;
    }
    used = true;
    return guards ? guarded() : array;
  }

  private NDArray guarded() {
    if (guarded == null) {
      guarded = TorchGradients.guarded(array);
      NDScope.unregister(guarded); // Other scopes of the step use it too.
    }
    return guarded;
  }

  /** Returns whether the array was closed. */
  public boolean isClosed() {
    return array.isReleased() || (guarded != null && guarded.isReleased());
  }

  /** Returns the values without a gradient, until the step ends. */
  public NDArray constant() {
    return array.stopGradient();
  }

  @Override
  public boolean isUsed() {
    return used;
  }

  /** Zeros where no pass used the array. */
  @Override
  public NDList arrays() {
    return new NDList(array.getGradient());
  }

  @Override
  public void close() {
    array.close();
    if (guarded != null) {
      guarded.close();
    }
  }
}
