package org.llm4msr.runtime.tables;

/**
 * Operations on the columns of a few rows that lie one after the other: each time one half is
 * folded onto the other, because a loop over one row is short and hardly runs in vector registers.
 */
final class Folds {

  private Folds() {}

  /**
   * Adds rows up, in an order that depends on their number alone.
   *
   * @param values its rows from {@code at} are overwritten, the first by the sum
   * @param count of the rows, at least 1
   */
  static void sum(float[] values, int at, int count, int columns) {
    for (int left = count; left > 1; left -= left / 2) {
      int numbers = left / 2 * columns;
      int from = at + left * columns - numbers;
      for (int i = 0; i < numbers; i++) {
        values[at + i] += values[from + i];
      }
    }
  }

  /** Overwrites the first row by the largest number of each column, as {@link #sum}. */
  static void largest(float[] values, int at, int count, int columns) {
    for (int left = count; left > 1; left -= left / 2) {
      int numbers = left / 2 * columns;
      int from = at + left * columns - numbers;
      for (int i = 0; i < numbers; i++) {
        values[at + i] = Math.max(values[at + i], values[from + i]);
      }
    }
  }

  /**
   * Finds the first row that has a number of each column.
   *
   * @param values the rows, from 0
   * @param number where the number of the first column lies among the values; the others follow
   * @param target gets the rows, from {@code to}
   */
  static void first(float[] values, int count, int columns, int number, int[] target, int to) {
    for (int d = 0; d < columns; d++) {
      float wanted = values[number + d];
      int row = 0;
      while (row < count - 1 && values[row * columns + d] != wanted) {
        row++;
      }
      target[to + d] = row;
    }
  }
}
