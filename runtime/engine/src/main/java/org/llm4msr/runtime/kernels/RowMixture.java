package org.llm4msr.runtime.kernels;

import java.nio.FloatBuffer;
import java.util.Arrays;

/**
 * Sums of experts' outputs (n, h) of consecutive rows, each row with its own weights (n). For the
 * thread that makes it.
 */
public final class RowMixture {

  /**
   * How many numbers are processed at a time, so that they stay in the nearest cache: where it can
   * be in loops over whole blocks, because those over an output are short.
   */
  private static final int BLOCK = 1 << 11;

  private final int experts;
  private final int width;
  private final int rowsOfBlock;
  private final float[] outputs;
  private final float[] sums;
  private final float[] weightOfOutput;

  /** The weight of each number of an output. */
  private final float[] factors;

  /** The gradient of the sum, for each output. */
  private final float[] gradients;

  public RowMixture(int experts, int width) {
    this.experts = experts;
    this.width = width;
    rowsOfBlock = Math.max(1, BLOCK / (experts * width));
    Scratch scratch = Scratch.of(rowsOfBlock * experts * width);
    outputs = scratch.values;
    sums = scratch.others;
    weightOfOutput = scratch.sums;
    gradients = scratch.otherSums;
    factors = scratch.factors;
  }

  /**
   * Writes the sums of the rows {@code from} to {@code to - 1}.
   *
   * @param weights (B, n)
   * @param of the experts: (B, n, h)
   * @param y (B, h)
   */
  public void forward(FloatBuffer weights, FloatBuffer of, FloatBuffer y, int from, int to) {
    for (int row = from; row < to; row += rowsOfBlock) {
      int rows = Math.min(rowsOfBlock, to - row);
      read(weights, of, row, rows);
      multiply(outputs, factors, rows * experts * width);
      for (int r = 0; r < rows; r++) {
        System.arraycopy(outputs, r * experts * width, sums, r * width, width);
        for (int e = 1; e < experts; e++) {
          add(r * width, (r * experts + e) * width);
        }
      }
      y.put(row * width, sums, 0, rows * width);
    }
  }

  /**
   * Writes the gradients of weights and outputs.
   *
   * @param dy (B, h)
   */
  public void backward(
      FloatBuffer weights,
      FloatBuffer of,
      FloatBuffer dy,
      FloatBuffer dWeights,
      FloatBuffer dOf,
      int from,
      int to) {
    for (int row = from; row < to; row += rowsOfBlock) {
      int rows = Math.min(rowsOfBlock, to - row);
      read(weights, of, row, rows);
      int numbers = rows * experts * width;
      dy.get(row * width, sums, 0, rows * width);
      for (int k = 0; k < rows * experts; k++) {
        System.arraycopy(sums, k / experts * width, gradients, k * width, width);
      }
      multiply(outputs, gradients, numbers);
      for (int k = 0; k < rows * experts; k++) {
        weightOfOutput[k] = total(k * width);
      }
      multiply(gradients, factors, numbers);
      dWeights.put(row * experts, weightOfOutput, 0, rows * experts);
      dOf.put(row * experts * width, gradients, 0, numbers);
    }
  }

  private void read(FloatBuffer weights, FloatBuffer of, int row, int rows) {
    weights.get(row * experts, weightOfOutput, 0, rows * experts);
    of.get(row * experts * width, outputs, 0, rows * experts * width);
    for (int k = 0; k < rows * experts; k++) {
      Arrays.fill(factors, k * width, (k + 1) * width, weightOfOutput[k]);
    }
  }

  private static void multiply(float[] numbers, float[] by, int count) {
    for (int i = 0; i < count; i++) {
      numbers[i] *= by[i];
    }
  }

  private void add(int to, int from) {
    for (int j = 0; j < width; j++) {
      sums[to + j] += outputs[from + j];
    }
  }

  /** Adds up an output in four sums: one would wait for itself. */
  private float total(int from) {
    float a = 0;
    float b = 0;
    float c = 0;
    float d = 0;
    int j = from;
    int end = from + width;
    for (; j + 3 < end; j += 4) {
      a += outputs[j];
      b += outputs[j + 1];
      c += outputs[j + 2];
      d += outputs[j + 3];
    }
    for (; j < end; j++) {
      a += outputs[j];
    }
    return a + b + (c + d);
  }
}
