package org.llm4msr.runtime.kernels;

import java.nio.FloatBuffer;
import java.util.Arrays;

/**
 * Batch normalisation (Ioffe and Szegedy, ICML 2015) of consecutive rows of one group. In arrays of
 * all groups, the values of a group begin at {@code at}. For the thread that makes it.
 */
public final class RowNorm {

  /** How many numbers are processed at a time, so that they stay in the nearest cache. */
  private static final int BLOCK = 1 << 12;

  private final int columns;
  private final int rowsOfBlock;
  private final float[] values;
  private final float[] gradients;
  private final float[] sums;
  private final float[] products;

  public RowNorm(int columns) {
    this.columns = columns;
    rowsOfBlock = Math.max(1, BLOCK / columns);
    Scratch scratch = Scratch.of(rowsOfBlock * columns);
    values = scratch.values;
    gradients = scratch.others;
    sums = scratch.sums;
    products = scratch.otherSums;
  }

  private interface Block {
    void of(int row, int rows);
  }

  private void blocks(int from, int to, Block block) {
    for (int row = from; row < to; row += rowsOfBlock) {
      block.of(row, Math.min(rowsOfBlock, to - row));
    }
  }

  private void read(FloatBuffer from, float[] to, int row, int rows) {
    from.get(row * columns, to, 0, rows * columns);
  }

  /** Returns the means and deviations of the rows {@code from} to {@code to - 1}. */
  public Moments moments(FloatBuffer x, int from, int to) {
    Moments all = new Moments(columns);
    Moments ofBlock = new Moments(columns);
    blocks(
        from,
        to,
        (row, rows) -> {
          read(x, values, row, rows);
          Arrays.fill(sums, 0, columns, 0);
          for (int r = 0; r < rows; r++) {
            addUp(sums, values, r * columns);
          }
          for (int j = 0; j < columns; j++) {
            sums[j] /= rows;
          }
          Arrays.fill(products, 0, columns, 0);
          for (int r = 0; r < rows; r++) {
            addSquares(products, values, r * columns, sums);
          }
          ofBlock.set(rows, sums, products);
          all.join(ofBlock);
        });
    return all;
  }

  /** Writes y = (x - mean) inverse scale + shift. */
  public void forward(
      FloatBuffer x,
      FloatBuffer y,
      int from,
      int to,
      float[] means,
      float[] inverses,
      float[] scales,
      float[] shifts,
      int at) {
    factors(inverses, scales, at);
    blocks(
        from,
        to,
        (row, rows) -> {
          read(x, values, row, rows);
          for (int r = 0; r < rows; r++) {
            normalise(values, r * columns, means, shifts, at);
          }
          y.put(row * columns, values, 0, rows * columns);
        });
  }

  private void factors(float[] inverses, float[] scales, int at) {
    for (int j = 0; j < columns; j++) {
      sums[j] = inverses[at + j] * scales[at + j];
    }
  }

  /** Returns the sums of which the gradients of scale and shift, and that of x, are made. */
  public GradientSums sums(FloatBuffer x, FloatBuffer dy, int from, int to, float[] means, int at) {
    GradientSums total = new GradientSums(columns);
    blocks(
        from,
        to,
        (row, rows) -> {
          read(x, values, row, rows);
          read(dy, gradients, row, rows);
          Arrays.fill(sums, 0, columns, 0);
          Arrays.fill(products, 0, columns, 0);
          for (int r = 0; r < rows; r++) {
            addUp(sums, gradients, r * columns);
            addProducts(products, r * columns, means, at);
          }
          total.add(sums, products);
        });
    return total;
  }

  /**
   * Writes the gradient of x: scale inverse (dy - mean(dy) - xhat mean(dy xhat)) with xhat = (x -
   * mean) inverse.
   *
   * @param meanGradients mean(dy) of each group and column; zeros where the statistics are not
   *     those of the rows
   * @param meanProducts mean(dy xhat) inverse, likewise
   */
  public void backward(
      FloatBuffer x,
      FloatBuffer dy,
      FloatBuffer dx,
      int from,
      int to,
      float[] means,
      float[] inverses,
      float[] scales,
      float[] meanGradients,
      float[] meanProducts,
      int at) {
    factors(inverses, scales, at);
    blocks(
        from,
        to,
        (row, rows) -> {
          read(x, values, row, rows);
          read(dy, gradients, row, rows);
          for (int r = 0; r < rows; r++) {
            toRows(r * columns, means, meanGradients, meanProducts, at);
          }
          dx.put(row * columns, gradients, 0, rows * columns);
        });
  }

  private void addUp(float[] to, float[] from, int row) {
    for (int j = 0; j < columns; j++) {
      to[j] += from[row + j];
    }
  }

  private void addSquares(float[] to, float[] from, int row, float[] mean) {
    for (int j = 0; j < columns; j++) {
      float apart = from[row + j] - mean[j];
      to[j] += apart * apart;
    }
  }

  private void addProducts(float[] to, int row, float[] means, int at) {
    for (int j = 0; j < columns; j++) {
      to[j] += (values[row + j] - means[at + j]) * gradients[row + j];
    }
  }

  private void normalise(float[] x, int row, float[] means, float[] shifts, int at) {
    for (int j = 0; j < columns; j++) {
      x[row + j] = (x[row + j] - means[at + j]) * sums[j] + shifts[at + j];
    }
  }

  private void toRows(int row, float[] means, float[] ofGradients, float[] ofProducts, int at) {
    for (int j = 0; j < columns; j++) {
      float apart = values[row + j] - means[at + j];
      gradients[row + j] =
          (gradients[row + j] - ofGradients[at + j] - apart * ofProducts[at + j]) * sums[j];
    }
  }
}
