package org.llm4msr.serving.recording;

import ai.djl.ndarray.NDArray;
import org.jspecify.annotations.Nullable;

/**
 * A matrix (k, w) that a linear map makes of a few numbers z: {@code z G + g}, where G and g are of
 * the model.
 *
 * @param input z (1, m)
 * @param weights G (m, k * w)
 * @param bias g, k * w numbers
 * @param rows k
 * @param columns w
 */
record GeneratedMatrix(Value input, Value weights, Value bias, long rows, long columns) {

  /** Returns how a matrix is made; null if it is made in another way. */
  static @Nullable GeneratedMatrix of(Value matrix) {
    Value sum = matrix.argumentOf("reshape", 0);
    Value product = sum == null ? null : sum.argumentOf("add", 0);
    Value bias = sum == null ? null : sum.argumentOf("add", 1);
    Value weights = product == null ? null : product.argumentOf("matMul", 1);
    if (product == null || bias == null || weights == null) {
      return null;
    }
    long rows = matrix.sizeFromEnd(2);
    long columns = matrix.sizeFromEnd(1);
    boolean fits =
        matrix.shape().length == 3
            && weights.constant()
            && bias.constant()
            && weights.shape().length == 2
            && weights.sizeFromEnd(1) == rows * columns
            && bias.array().size() == rows * columns
            && matrix.array().size() == rows * columns;
    return fits ? new GeneratedMatrix(product.argument(0), weights, bias, rows, columns) : null;
  }

  /**
   * Returns the product with a matrix of the model: the map with G V and g V makes it, so that no
   * request multiplies by V.
   *
   * @param other V (w, n)
   * @return (1, k, n)
   */
  NDArray times(Recorder recorder, NDArray other) {
    long inputs = weights.sizeFromEnd(2);
    long results = rows * other.getShape().get(1);
    NDArray map =
        recorder
            .proxy(weights)
            .reshape(inputs * rows, columns)
            .matMul(other)
            .reshape(inputs, results);
    NDArray shift = recorder.proxy(bias).reshape(rows, columns).matMul(other).reshape(results);
    return recorder.proxy(input).matMul(map).add(shift).reshape(1, rows, other.getShape().get(1));
  }
}
