package org.llm4msr.runtime.kernels;

import java.nio.FloatBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.model.Activation;

/**
 * What follows the product of a layer, in one pass over its rows: bias, other rows that are added,
 * activation and dropout, and their gradients. For the thread that makes it.
 */
public final class Epilogue {

  /**
   * How many numbers are processed at a time, so that they stay in the nearest cache: in loops over
   * whole blocks, because one over the few numbers of a row hardly runs in vector registers.
   */
  private static final int BLOCK = 1 << 11;

  private static final float LEAK = 0.01f;

  /** Makes numbers of at least 1 of those that are positive and not too small to be normal. */
  private static final float LARGE = 0x1p127f;

  private final Activation activation;
  private final @Nullable FloatBuffer plus;
  private final @Nullable FloatBuffer mask;
  private final int stride;
  private final int first;
  private final int columns;
  private final int rowsOfBlock;
  private final float[] values;
  private final float[] others;
  private final int[] bits;
  private final int[] otherBits;

  /** The biases of each row of a block. */
  private final float[] biases;

  /** The sums of each row's place in a block. */
  private final float[] sums;

  /** Returns whether it has an activation; others are left to the engine. */
  public static boolean has(Activation activation) {
    return switch (activation) {
      case NONE, RELU, LEAKY_RELU -> true;
      case TANH, SIGMOID -> false;
    };
  }

  /** Returns 1 where a result is positive, else the leak. */
  private static float slope(float result, float leak) {
    return Math.min(1f, Math.max(leak, result * LARGE));
  }

  /**
   * A loop of its own, which compiles to vector registers whatever other activations ran before.
   */
  private static void multiplyBySlopes(float[] results, float leak, float[] gradients, int count) {
    for (int i = 0; i < count; i++) {
      gradients[i] *= slope(results[i], leak);
    }
  }

  /** Returns the slope of an activation that it has, at results below zero. */
  static float leak(Activation activation) {
    return switch (activation) {
      case NONE -> 1;
      case RELU -> 0;
      case LEAKY_RELU -> LEAK;
      case TANH, SIGMOID -> throw new IllegalArgumentException(activation.name());
    };
  }

  /**
   * Makes what follows results of some columns.
   *
   * @param mask factors of dropout, one an element of the results; null without
   */
  public Epilogue(Activation activation, @Nullable FloatBuffer mask, int columns) {
    this(null, activation, mask, columns, 0, columns);
  }

  /**
   * Makes what follows some columns of results.
   *
   * @param plus what is added to the products, of all columns; null without
   * @param mask as above, of all columns
   * @param stride how many columns there are
   * @param first of those that it is for
   * @param columns how many it is for
   */
  public Epilogue(
      @Nullable FloatBuffer plus,
      Activation activation,
      @Nullable FloatBuffer mask,
      int stride,
      int first,
      int columns) {
    this.plus = plus;
    this.activation = activation;
    this.mask = mask;
    this.stride = stride;
    this.first = first;
    this.columns = columns;
    rowsOfBlock = columns < stride ? 1 : Math.max(1, BLOCK / columns);
    Scratch scratch = Scratch.of(rowsOfBlock * columns);
    values = scratch.values;
    others = scratch.others;
    bits = scratch.bits;
    otherBits = scratch.otherBits;
    biases = scratch.sums;
    sums = scratch.otherSums;
  }

  private interface Block {
    void of(int start, int count);
  }

  private void blocks(int from, int to, Block block) {
    for (int row = from; row < to; row += rowsOfBlock) {
      block.of(row * stride + first, Math.min(rowsOfBlock, to - row) * columns);
    }
  }

  private int numbersOfBlock(int from, int to) {
    return Math.min(rowsOfBlock, to - from) * columns;
  }

  /**
   * Finishes products, in place.
   *
   * @param y (B, n)
   * @param bias n numbers from {@code at}; null without
   */
  public void forward(FloatBuffer y, int from, int to, @Nullable FloatBuffer bias, int at) {
    if (bias == null && plus == null && isNothing()) {
      return;
    }
    if (bias != null) {
      bias.get(at, biases, 0, columns);
      repeatBiases(numbersOfBlock(from, to));
    }
    blocks(
        from,
        to,
        (start, count) -> {
          y.get(start, values, 0, count);
          if (bias != null) {
            addBiases(count);
          }
          addPlus(start, count);
          activate(count);
          multiplyByMask(start, count);
          y.put(start, values, 0, count);
        });
  }

  /**
   * Turns the gradient of results, in place, into that of their products.
   *
   * @param y the results
   */
  public void backward(FloatMemory y, FloatMemory dy, int from, int to) {
    if (!isNothing()) {
      backward(y, dy, from, to, false);
    }
  }

  /**
   * Does the same and sums up the columns of the gradient.
   *
   * @return the first n numbers, until the thread does something else
   */
  public float[] backwardAndSum(FloatMemory y, FloatMemory dy, int from, int to) {
    int numbers = numbersOfBlock(from, to);
    Arrays.fill(sums, 0, numbers, 0);
    backward(y, dy, from, to, true);
    addToFirstRow(numbers / columns);
    return sums;
  }

  private void backward(FloatMemory y, FloatMemory dy, int from, int to, boolean sumsUp) {
    blocks(
        from,
        to,
        (start, count) -> {
          multiplyByMask(dy, start, count);
          deactivate(y, dy, start, count);
          if (sumsUp) {
            dy.numbers().get(start, values, 0, count);
            addUp(count);
          }
        });
  }

  private boolean isNothing() {
    return activation == Activation.NONE && mask == null;
  }

  private void activate(int count) {
    if (activation == Activation.RELU) {
      for (int i = 0; i < count; i++) {
        values[i] = Math.max(values[i], 0f);
      }
    } else if (activation == Activation.LEAKY_RELU) {
      for (int i = 0; i < count; i++) {
        values[i] = Math.max(values[i], values[i] * LEAK);
      }
    }
  }

  /** The sign of a result, or that it is zero, tells that of its product. */
  private void deactivate(FloatMemory y, FloatMemory dy, int start, int count) {
    if (activation == Activation.RELU) {
      y.bits().get(start, otherBits, 0, count);
      dy.bits().get(start, bits, 0, count);
      for (int i = 0; i < count; i++) {
        bits[i] &= -otherBits[i] >> 31; // All ones where the result is positive, else none.
      }
      dy.bits().put(start, bits, 0, count);
    } else if (activation == Activation.LEAKY_RELU) {
      y.numbers().get(start, others, 0, count);
      dy.numbers().get(start, values, 0, count);
      multiplyBySlopes(others, LEAK, values, count);
      dy.numbers().put(start, values, 0, count);
    }
  }

  private void multiplyByMask(FloatMemory rows, int start, int count) {
    if (mask != null) {
      rows.numbers().get(start, values, 0, count);
      multiplyByMask(start, count);
      rows.numbers().put(start, values, 0, count);
    }
  }

  private void multiplyByMask(int start, int count) {
    if (mask != null) {
      mask.get(start, others, 0, count);
      for (int i = 0; i < count; i++) {
        values[i] *= others[i];
      }
    }
  }

  /** Copies the first row to the others. */
  private void repeatBiases(int count) {
    for (int done = columns; done < count; done *= 2) {
      System.arraycopy(biases, 0, biases, done, Math.min(done, count - done));
    }
  }

  private void addBiases(int count) {
    for (int i = 0; i < count; i++) {
      values[i] += biases[i];
    }
  }

  private void addPlus(int start, int count) {
    if (plus != null) {
      plus.get(start, others, 0, count);
      for (int i = 0; i < count; i++) {
        values[i] += others[i];
      }
    }
  }

  private void addUp(int count) {
    for (int i = 0; i < count; i++) {
      sums[i] += values[i];
    }
  }

  /** Adds all rows of sums up, each time one half to the other. */
  private void addToFirstRow(int rows) {
    for (int left = rows; left > 1; left -= left / 2) {
      int count = left / 2 * columns;
      int from = left * columns - count;
      for (int i = 0; i < count; i++) {
        sums[i] += sums[from + i];
      }
    }
  }
}
