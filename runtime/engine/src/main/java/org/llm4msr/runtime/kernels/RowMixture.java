package org.llm4msr.runtime.kernels;

import java.nio.FloatBuffer;

/**
 * Sums of experts' outputs (n, h) of consecutive rows, each row with its own weights (n). For the
 * thread that makes it.
 */
public final class RowMixture {

  /** How many numbers are processed at a time, so that they stay in the nearest cache. */
  private static final int BLOCK = 1 << 12;

  private final int experts;
  private final int width;
  private final int rowsOfBlock;
  private final float[] outputs;
  private final float[] sums;
  private final float[] factors;
  private final float[] products;

  public RowMixture(int experts, int width) {
    this.experts = experts;
    this.width = width;
    rowsOfBlock = Math.max(1, BLOCK / (experts * width));
    Scratch scratch = Scratch.of(rowsOfBlock * experts * width);
    outputs = scratch.values;
    sums = scratch.others;
    factors = scratch.sums;
    products = scratch.otherSums;
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
      for (int r = 0; r < rows; r++) {
        scale(r * width, factors[r * experts], r * experts * width);
        for (int e = 1; e < experts; e++) {
          add(r * width, factors[r * experts + e], (r * experts + e) * width);
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
      dy.get(row * width, sums, 0, rows * width);
      for (int k = 0; k < rows * experts; k++) {
        factors[k] = differentiate(k / experts * width, factors[k], k * width);
      }
      dWeights.put(row * experts, factors, 0, rows * experts);
      dOf.put(row * experts * width, outputs, 0, rows * experts * width);
    }
  }

  private void read(FloatBuffer weights, FloatBuffer of, int row, int rows) {
    weights.get(row * experts, factors, 0, rows * experts);
    of.get(row * experts * width, outputs, 0, rows * experts * width);
  }

  private void scale(int to, float factor, int from) {
    for (int j = 0; j < width; j++) {
      sums[to + j] = factor * outputs[from + j];
    }
  }

  private void add(int to, float factor, int from) {
    for (int j = 0; j < width; j++) {
      sums[to + j] += factor * outputs[from + j];
    }
  }

  /**
   * Replaces an expert's output by its gradient.
   *
   * @return the gradient of its weight
   */
  private float differentiate(int gradient, float factor, int output) {
    for (int j = 0; j < width; j++) {
      products[j] = sums[gradient + j] * outputs[output + j];
    }
    for (int j = 0; j < width; j++) {
      outputs[output + j] = factor * sums[gradient + j];
    }
    return total();
  }

  /** Adds up in four sums: one would wait for itself. */
  private float total() {
    float a = 0;
    float b = 0;
    float c = 0;
    float d = 0;
    int j = 0;
    for (; j + 3 < width; j += 4) {
      a += products[j];
      b += products[j + 1];
      c += products[j + 2];
      d += products[j + 3];
    }
    for (; j < width; j++) {
      a += products[j];
    }
    return a + b + (c + d);
  }
}
