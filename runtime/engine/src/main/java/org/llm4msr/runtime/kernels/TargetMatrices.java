package org.llm4msr.runtime.kernels;

import org.llm4msr.runtime.engine.AlignedMemory;
import org.llm4msr.runtime.engine.Mkl;

/**
 * The matrix (D + 1, H) of each of some rows, which is linear in the row's target t: row d is
 * {@code t_d Wp[d] + (We + Wd)[d]}, the last one {@code t (Wt - Wd) + b}, with the weights in the
 * order of {@link AttentionWeights}. For one thread at a time.
 */
final class TargetMatrices {

  private final int width;
  private final int first;
  private final int size;

  /** {@code t_0, 1, t_1, 1...} of each row, (R, 2 D). */
  private final FloatMemory pairs;

  private final FloatMemory pairGradients;
  private final float[] numbers;
  private final float[] target;

  /**
   * Makes memory for some rows.
   *
   * @param rows R, at most
   */
  TargetMatrices(AttentionSizes sizes, int rows) {
    width = sizes.width();
    first = sizes.first();
    size = sizes.matrix();
    int numbersOfPairs = rows * 2 * width;
    pairs = FloatMemory.of(AlignedMemory.floats(numbersOfPairs));
    pairGradients = FloatMemory.of(AlignedMemory.floats(numbersOfPairs));
    numbers = new float[numbersOfPairs];
    target = new float[width];
  }

  /** Takes the targets of the rows. */
  void take(AttentionBatch batch, int from, int to) {
    int rows = to - from;
    for (int row = 0; row < rows; row++) {
      int at = (from + row) * batch.columns() + batch.target();
      batch.flat().numbers().get(at, target, 0, width);
      for (int d = 0; d < width; d++) {
        numbers[2 * (row * width + d)] = target[d];
        numbers[2 * (row * width + d) + 1] = 1;
      }
    }
    pairs.numbers().put(0, numbers, 0, rows * 2 * width);
  }

  /** Writes the matrices of as many rows. */
  void write(int rows, FloatMemory weights, FloatMemory matrices) {
    Mkl.Call call =
        new Mkl.Call(1, width).group(false, false, rows, first, 2, 2 * width, first, size, 0);
    for (int d = 0; d < width; d++) {
      call.product(pairs.at(2L * d), weights.at(2L * d * first), matrices.at((long) d * first));
    }
    call.run();
    call =
        new Mkl.Call(1, 1).group(false, false, rows, first, 2 * width, 2 * width, first, size, 0);
    call.product(
        pairs.address(), weights.at(2L * width * first), matrices.at((long) width * first));
    call.run();
  }

  /** Adds to the gradients of the targets, in the gradient of the flat input. */
  void toTargets(
      AttentionBatch batch,
      FloatMemory weights,
      FloatMemory gradients,
      FloatMemory dFlat,
      int from,
      int to) {
    int rows = to - from;
    Mkl.Call call =
        new Mkl.Call(1, width).group(false, true, rows, 2, first, size, first, 2 * width, 0);
    for (int d = 0; d < width; d++) {
      call.product(
          gradients.at((long) d * first), weights.at(2L * d * first), pairGradients.at(2L * d));
    }
    call.run();
    call = new Mkl.Call(1, 1).group(false, true, rows, 2 * width, first, size, first, 2 * width, 1);
    call.product(
        gradients.at((long) width * first),
        weights.at(2L * width * first),
        pairGradients.address());
    call.run();
    pairGradients.numbers().get(0, numbers, 0, rows * 2 * width);
    for (int row = 0; row < rows; row++) {
      int at = (from + row) * batch.columns() + batch.target();
      dFlat.numbers().get(at, target, 0, width);
      for (int d = 0; d < width; d++) {
        target[d] += numbers[2 * (row * width + d)];
      }
      dFlat.numbers().put(at, target, 0, width);
    }
  }

  /** Adds to the gradients of the weights. */
  void toWeights(int rows, FloatMemory gradients, FloatMemory sums) {
    Mkl.Call call =
        new Mkl.Call(1, width).group(true, false, 2, first, rows, 2 * width, size, first, 1);
    for (int d = 0; d < width; d++) {
      call.product(pairs.at(2L * d), gradients.at((long) d * first), sums.at(2L * d * first));
    }
    call.run();
    call = new Mkl.Call(1, 1).group(true, false, 2 * width, first, rows, 2 * width, size, first, 1);
    call.product(pairs.address(), gradients.at((long) width * first), sums.at(2L * width * first));
    call.run();
  }
}
