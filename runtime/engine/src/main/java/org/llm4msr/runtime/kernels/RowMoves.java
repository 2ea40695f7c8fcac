package org.llm4msr.runtime.kernels;

import java.nio.FloatBuffer;
import org.llm4msr.runtime.tables.Workers;

/** Copies of rows in another order. */
public final class RowMoves {

  /** How many numbers a thread copies at a time. */
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
    int grain = Math.max(1, BLOCK / columns);
    workers.range(
        index.length,
        grain,
        (worker, first, behind) -> {
          for (int row = first; row < behind; row++) {
            to.put(row * columns, from, index[row] * columns, columns);
          }
        });
  }
}
