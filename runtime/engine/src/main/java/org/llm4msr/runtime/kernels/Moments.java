package org.llm4msr.runtime.kernels;

import java.nio.ByteBuffer;

/** The means of columns and their sums of squared deviations from them, over some rows. */
public final class Moments {

  private final double[] means;
  private final double[] squares;
  private int rows;

  /** Makes those of no rows. */
  public Moments(int columns) {
    means = new double[columns];
    squares = new double[columns];
  }

  /** Adds other rows (Chan, Golub and LeVeque, 1983). */
  public void join(Moments other) {
    if (other.rows == 0) {
      return;
    }
    double share = (double) other.rows / (rows + other.rows);
    for (int j = 0; j < means.length; j++) {
      double apart = other.means[j] - means[j];
      means[j] += apart * share;
      squares[j] += other.squares[j] + apart * apart * rows * share;
    }
    rows += other.rows;
  }

  /**
   * Takes the place of those of some rows. Of each array the first numbers are read, one a column.
   *
   * @param squares of deviations from the means
   */
  public void set(int rows, float[] means, float[] squares) {
    this.rows = rows;
    for (int j = 0; j < this.means.length; j++) {
      this.means[j] = means[j];
      this.squares[j] = squares[j];
    }
  }

  /** Writes them as {@link #read} reads them: 1 + 2 * columns numbers. */
  public void write(ByteBuffer to) {
    to.putDouble(rows);
    for (int j = 0; j < means.length; j++) {
      to.putDouble(means[j]).putDouble(squares[j]);
    }
  }

  /** Reads what {@link #write} wrote. */
  public static Moments read(ByteBuffer from, int columns) {
    Moments moments = new Moments(columns);
    moments.rows = (int) from.getDouble();
    for (int j = 0; j < columns; j++) {
      moments.means[j] = from.getDouble();
      moments.squares[j] = from.getDouble();
    }
    return moments;
  }

  /** Returns how many rows they are of. */
  public int rows() {
    return rows;
  }

  public float mean(int column) {
    return (float) means[column];
  }

  /** Returns the biased variance. */
  public float variance(int column) {
    return (float) (squares[column] / rows);
  }
}
