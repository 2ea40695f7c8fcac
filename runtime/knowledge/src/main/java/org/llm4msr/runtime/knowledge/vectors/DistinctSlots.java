package org.llm4msr.runtime.knowledge.vectors;

import java.util.Arrays;

/**
 * The distinct slots of knowledge that the rows of a batch read (or its distinct users), numbered
 * by first appearance. Reused from batch to batch; grows with the rows of a batch, not with the
 * slots.
 */
public final class DistinctSlots {

  /** A hash table: 1 + the number of a slot, 0 where a place is free; at least half are. */
  private int[] table = new int[0];

  private int[] slots = new int[0];
  private int[] groupOfRow = new int[0];
  private int count;

  /** Finds the slots of the first {@code rows} rows. */
  public void find(int[] slotOfRow, int rows) {
    if (slots.length < rows) {
      slots = new int[rows];
      groupOfRow = new int[rows];
      table = new int[Integer.highestOneBit(rows) << 2];
    }
    Arrays.fill(table, 0);
    count = 0;
    for (int row = 0; row < rows; row++) {
      int place = place(slotOfRow[row]);
      if (table[place] == 0) {
        slots[count++] = slotOfRow[row];
        table[place] = count;
      }
      groupOfRow[row] = table[place] - 1;
    }
  }

  /** Returns where a slot is in the table, or is to be put. */
  private int place(int slot) {
    int mask = table.length - 1;
    int place = (slot * 0x9E3779B9) >>> 7 & mask;
    while (table[place] != 0 && slots[table[place] - 1] != slot) {
      place = (place + 1) & mask;
    }
    return place;
  }

  /** Returns how many there are, U. */
  public int count() {
    return count;
  }

  /**
   * Returns U, rounded up by at most an eighth with groups that have no rows. Arrays of few sizes,
   * which recur all the time, do not fragment malloc's memory.
   */
  public int groups() {
    int step = Math.max(1, Integer.highestOneBit(count) / 8);
    return (count + step - 1) / step * step;
  }

  /** Returns a distinct slot. */
  public int slot(int k) {
    return slots[k];
  }

  /** Returns the number of each row's slot; at least as long as the batch. */
  public int[] groupOfRow() {
    return groupOfRow;
  }
}
