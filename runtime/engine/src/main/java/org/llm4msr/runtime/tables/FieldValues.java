package org.llm4msr.runtime.tables;

import java.util.Arrays;

/** The values of one field in a batch, in arrays that the next batch reuses. */
public sealed interface FieldValues {

  /**
   * One id per row; 0 is out of vocabulary.
   *
   * @param ids (at least B)
   */
  @SuppressWarnings("ArrayRecordComponent") // Reused buffers.
  record Ids(int[] ids) implements FieldValues {}

  /** A list of ids per row. The id array grows as needed. */
  final class IdLists implements FieldValues {
    /** Row r has {@code ids[offsets[r]]} to {@code ids[offsets[r + 1] - 1]}; (at least B + 1). */
    public final int[] offsets;

    /** All ids, row after row. */
    public int[] ids;

    /** Makes room for {@code rows} rows. */
    public IdLists(int rows) {
      offsets = new int[rows + 1];
      ids = new int[rows * 4];
    }

    /** Sets the list of a row, after those of all rows before it. */
    public void set(int row, int[] list, int length) {
      int from = row == 0 ? 0 : offsets[row];
      if (from + length > ids.length) {
        ids = Arrays.copyOf(ids, Math.max(from + length, 2 * ids.length));
      }
      System.arraycopy(list, 0, ids, from, length);
      offsets[row + 1] = from + length;
    }
  }

  /**
   * One standardised number per row; 0 where it was missing.
   *
   * @param values (at least B)
   */
  @SuppressWarnings("ArrayRecordComponent") // Reused buffers.
  record Numbers(float[] values) implements FieldValues {}
}
