package org.llm4msr.runtime.model;

import java.nio.FloatBuffer;
import java.util.Arrays;
import org.llm4msr.api.model.Grouping.Segment;

/**
 * Batch normalisation (Ioffe and Szegedy, ICML 2015) of the consecutive rows of one group. In
 * arrays of all groups, the values of a group begin at {@code at}. Has memory of its own, so each
 * thread needs its own instance.
 */
final class RowNorm {

  /** How many numbers are processed at a time, so that they stay in the nearest cache. */
  private static final int CHUNK = 1 << 12;

  private final int columns;
  private final int rowsOfChunk;
  private final float[] values;
  private final float[] gradients;
  private final float[] sums;
  private final float[] products;
  private final double[] total;
  private final double[] totalProduct;

  RowNorm(int columns) {
    this.columns = columns;
    rowsOfChunk = Math.max(1, CHUNK / columns);
    values = new float[rowsOfChunk * columns];
    gradients = new float[rowsOfChunk * columns];
    sums = new float[columns];
    products = new float[columns];
    total = new double[columns];
    totalProduct = new double[columns];
  }

  private interface Chunk {
    void of(int row, int rows);
  }

  private void chunks(Segment segment, Chunk chunk) {
    for (int row = segment.from(); row < segment.to(); row += rowsOfChunk) {
      chunk.of(row, Math.min(rowsOfChunk, segment.to() - row));
    }
  }

  private void read(FloatBuffer from, float[] to, int row, int rows) {
    from.get(row * columns, to, 0, rows * columns);
  }

  /** Computes the mean and the biased variance of each column. */
  void statistics(FloatBuffer x, Segment segment, float[] means, float[] variances, int at) {
    Arrays.fill(total, 0); // The mean so far, and the sum of squared deviations from it.
    Arrays.fill(totalProduct, 0);
    chunks(
        segment,
        (row, rows) -> {
          read(x, values, row, rows);
          Arrays.fill(sums, 0);
          for (int r = 0; r < rows; r++) {
            addUp(sums, values, r * columns);
          }
          for (int j = 0; j < columns; j++) {
            sums[j] /= rows;
          }
          Arrays.fill(products, 0);
          for (int r = 0; r < rows; r++) {
            addSquares(products, values, r * columns, sums);
          }
          join(row - segment.from(), rows);
        });
    for (int j = 0; j < columns; j++) {
      means[at + j] = (float) total[j];
      variances[at + j] = (float) (totalProduct[j] / segment.rows());
    }
  }

  /** Joins the statistics of two parts (Chan, Golub and LeVeque, 1983). */
  private void join(int before, int rows) {
    double share = (double) rows / (before + rows);
    for (int j = 0; j < columns; j++) {
      double apart = sums[j] - total[j];
      total[j] += apart * share;
      totalProduct[j] += products[j] + apart * apart * before * share;
    }
  }

  /** Writes y = (x - mean) inverse scale + shift. */
  void forward(
      FloatBuffer x,
      FloatBuffer y,
      Segment segment,
      float[] means,
      float[] inverses,
      float[] scales,
      float[] shifts,
      int at) {
    factors(inverses, scales, at);
    chunks(
        segment,
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

  /**
   * Computes the gradients of scale, of shift and of x: scale inverse (dy - mean(dy) - xhat mean(dy
   * xhat)) with xhat = (x - mean) inverse, without the means where the statistics are not those of
   * the rows.
   */
  void backward(
      FloatBuffer x,
      FloatBuffer dy,
      FloatBuffer dx,
      Segment segment,
      float[] means,
      float[] inverses,
      float[] scales,
      boolean own,
      float[] dScales,
      float[] dShifts,
      int at) {
    Arrays.fill(total, 0);
    Arrays.fill(totalProduct, 0);
    chunks(
        segment,
        (row, rows) -> {
          read(x, values, row, rows);
          read(dy, gradients, row, rows);
          Arrays.fill(sums, 0);
          Arrays.fill(products, 0);
          for (int r = 0; r < rows; r++) {
            addUp(sums, gradients, r * columns);
            addProducts(products, r * columns, means, at);
          }
          for (int j = 0; j < columns; j++) {
            total[j] += sums[j];
            totalProduct[j] += products[j];
          }
        });
    float[] mean = new float[columns];
    for (int j = 0; j < columns; j++) {
      dShifts[at + j] = (float) total[j];
      dScales[at + j] = (float) (totalProduct[j] * inverses[at + j]);
      mean[j] = own ? dShifts[at + j] / segment.rows() : 0;
      products[j] = own ? dScales[at + j] / segment.rows() * inverses[at + j] : 0;
    }
    factors(inverses, scales, at);
    chunks(
        segment,
        (row, rows) -> {
          read(x, values, row, rows);
          read(dy, gradients, row, rows);
          for (int r = 0; r < rows; r++) {
            toRows(r * columns, means, mean, at);
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

  private void toRows(int row, float[] means, float[] mean, int at) {
    for (int j = 0; j < columns; j++) {
      float apart = values[row + j] - means[at + j];
      gradients[row + j] = (gradients[row + j] - mean[j] - apart * products[j]) * sums[j];
    }
  }
}
