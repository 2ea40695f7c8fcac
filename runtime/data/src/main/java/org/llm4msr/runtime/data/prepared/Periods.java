package org.llm4msr.runtime.data.prepared;

/**
 * The training part cut into periods of equal size. Its rows are ordered by time, so that a row's
 * number tells its period.
 *
 * @param rows of the training part
 * @param count of periods
 */
public record Periods(long rows, int count) {

  /** Returns the period of a row, from 0. */
  public int of(long row) {
    return (int) (row * count / rows);
  }

  /** Returns the number of the first row of a period, which is how many rows are older. */
  public long start(int period) {
    return (rows * period + count - 1) / count;
  }
}
