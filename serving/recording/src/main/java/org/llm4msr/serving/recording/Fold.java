package org.llm4msr.serving.recording;

import ai.djl.ndarray.NDArray;
import org.jspecify.annotations.Nullable;
import org.llm4msr.serving.recording.Value.Source;

/**
 * Multiplies matrices of a user with those of the model before rows come: {@code (h A + a) V} is
 * {@code h (A V) + a V}. Where layers of the user stand below a linear map, rows then cost less
 * than without these layers.
 */
final class Fold {

  private Fold() {}

  /**
   * Returns the product of {@code h A + a} with V; null if the left side is no such sum, or if h is
   * not narrower than it.
   *
   * @param left (B, w), or (1, B, w) without its first axis; A and a are of the user
   * @param right V (w, n), of the model
   */
  static @Nullable NDArray product(Recorder recorder, Value left, Value right) {
    boolean squeezed = isFirstAxisLeftOut(left);
    Value sum = squeezed ? left.argument(0) : left;
    Value product = sum.argumentOf("add", 0);
    Value bias = sum.argumentOf("add", 1);
    Value matrix = product == null ? null : product.argumentOf("matMul", 1);
    if (product == null
        || bias == null
        || matrix == null
        || !right.constant()
        || right.shape().length != 2
        || !isOneOfUser(bias, 1)
        || !isOneOfUser(matrix, 2)
        || bias.sizeFromEnd(1) != matrix.sizeFromEnd(1)
        || matrix.sizeFromEnd(2) >= matrix.sizeFromEnd(1)) {
      return null;
    }
    GeneratedMatrix generated = GeneratedMatrix.of(matrix);
    NDArray other = recorder.proxy(right);
    NDArray folded =
        recorder
            .proxy(product.argument(0))
            .matMul(
                generated == null || right.sizeFromEnd(1) > matrix.sizeFromEnd(1)
                    ? recorder.proxy(matrix).matMul(other)
                    : generated.times(recorder, other))
            .add(recorder.proxy(bias).matMul(other));
    return squeezed ? folded.squeeze(0) : folded;
  }

  private static boolean isFirstAxisLeftOut(Value value) {
    if (value.argumentOf("squeeze", 0) == null || value.arguments().size() != 2) {
      return false;
    }
    Object axis = value.arguments().get(1);
    return axis.equals(0) || (axis instanceof int[] axes && axes.length == 1 && axes[0] == 0);
  }

  /**
   * Returns whether a value is of the user and has one row, or one matrix.
   *
   * @param axes that may be longer than 1, from the last one on
   */
  private static boolean isOneOfUser(Value value, int axes) {
    long[] shape = value.shape();
    long size = shape.length < 2 ? 0 : 1;
    for (int axis = 1; axis <= Math.min(axes, shape.length); axis++) {
      size *= value.sizeFromEnd(axis);
    }
    return value.source() == Source.USER && value.array().size() == size;
  }
}
