package org.llm4msr.runtime.kernels;

import java.nio.FloatBuffer;
import org.llm4msr.runtime.tables.Workers;

/** Copies and sums of rows in another order. */
public final class RowMoves {

  /** How many numbers a thread moves at a time. */
  private static final int BLOCK = 1 << 14;

  private RowMoves() {}

  /**
   * Writes the rows that an index names.
   *
   * @param from (m, n)
   * @param index rows of {@code from}
   * @param columns n
   * @param to one row for each of the index
   */
  public static void run(
      FloatBuffer from, int[] index, int columns, FloatBuffer to, Workers workers) {
    workers.range(
        index.length,
        grain(columns),
        (worker, first, behind) -> {
          for (int row = first; row < behind; row++) {
            to.put(row * columns, from, index[row] * columns, columns);
          }
        });
  }

  /** Adds them to the rows that are there. */
  public static void add(
      FloatBuffer from, int[] index, int columns, FloatBuffer to, Workers workers) {
    workers.range(
        index.length,
        grain(columns),
        (worker, first, behind) -> {
          Scratch scratch = Scratch.of(columns);
          for (int row = first; row < behind; row++) {
            from.get(index[row] * columns, scratch.values, 0, columns);
            to.get(row * columns, scratch.others, 0, columns);
            for (int i = 0; i < columns; i++) {
              scratch.others[i] += scratch.values[i];
            }
            to.put(row * columns, scratch.others, 0, columns);
          }
        });
  }

  private static int grain(int columns) {
    return Math.max(1, BLOCK / columns);
  }
}
