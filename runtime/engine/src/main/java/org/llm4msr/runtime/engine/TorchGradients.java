package org.llm4msr.runtime.engine;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;
import org.jspecify.annotations.Nullable;

/**
 * PyTorch's record of operations, where DJL's collector of gradients does not reach. For arrays
 * that it {@link #serve serves}.
 */
public final class TorchGradients {

  private TorchGradients() {}

  /** Returns whether the arrays of a manager are PyTorch's. */
  public static boolean serve(NDManager manager) {
    return manager.getEngine().getEngineName().equals(PyTorchEngine.NAME);
  }

  /** Returns whether operations of the calling thread are recorded. */
  public static boolean areRecorded() {
    return JniUtils.isGradMode();
  }

  /**
   * Returns whether a backward pass can begin at an array: it, or something before it, needs a
   * gradient. Operations must be recorded. DJL knows that of leaves alone; a view of the array is a
   * leaf exactly where the array has no record.
   */
  public static boolean reach(NDArray array) {
    try (NDArray view = array.reshape(array.getShape())) {
      view.setRequiresGradient(true);
      return !JniUtils.requiresGrad((PtNDArray) view);
    }
  }

  /** Returns the gradient that backward passes left at a leaf, null where there is none. */
  public static @Nullable NDArray of(NDArray leaf) {
    return JniUtils.getGradient((PtNDArray) leaf);
  }

  /**
   * Returns the values of a leaf in such a way that its gradient gets memory of its own. PyTorch
   * may let the gradients of two leaves be views of one memory, and adds those of later backward
   * passes in place.
   */
  public static NDArray guarded(NDArray leaf) {
    return leaf.getShape().isScalar() ? leaf : leaf.split(1, 0).singletonOrThrow();
  }

  /**
   * Runs a backward pass from an array with its gradient, and keeps the record: others that go
   * through parts of it may follow.
   */
  public static void backward(NDArray array, NDArray gradient) {
    JniUtils.backward((PtNDArray) array, (PtNDArray) gradient, true, false);
  }
}
