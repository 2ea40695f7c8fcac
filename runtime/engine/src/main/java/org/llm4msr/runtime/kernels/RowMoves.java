package org.llm4msr.runtime.kernels;

import java.nio.FloatBuffer;
import org.llm4msr.runtime.tables.Workers;

/** Copies of rows in another order. */
public final class RowMoves {

  /** How many numbers are copied at a time, so that they stay in the nearest cache. */
  private static final int BLOCK = 1 << 12;

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
          float[] rows = Scratch.of(grain * columns).values;
          for (int row = first, at = 0; row < behind; row++, at += columns) {
            from.get(index[row] * columns, rows, at, columns);
          }
          to.put(first * columns, rows, 0, (behind - first) * columns);
        });
  }
}
