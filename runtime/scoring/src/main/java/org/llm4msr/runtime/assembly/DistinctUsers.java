package org.llm4msr.runtime.assembly;

import java.util.Arrays;
import org.llm4msr.runtime.knowledge.vectors.UserKnowledge;

/**
 * The distinct users of a batch, or the distinct slots of {@link UserKnowledge}, numbered by first
 * appearance. Reused from batch to batch; grows with the rows of a batch, not with the users.
 */
final class DistinctUsers {

  /** A hash table: 1 + the number of a user, 0 where a place is free; at least half are. */
  private int[] table = new int[0];

  private int[] users = new int[0];
  private int[] groupOfRow = new int[0];
  private int count;

  /** Finds the users of the first {@code rows} rows. */
  void find(int[] userOfRow, int rows) {
    if (users.length < rows) {
      users = new int[rows];
      groupOfRow = new int[rows];
      table = new int[Integer.highestOneBit(rows) << 2];
    }
    Arrays.fill(table, 0);
    count = 0;
    for (int row = 0; row < rows; row++) {
      int slot = slot(userOfRow[row]);
      if (table[slot] == 0) {
        users[count++] = userOfRow[row];
        table[slot] = count;
      }
      groupOfRow[row] = table[slot] - 1;
    }
  }

  /** Returns where a user is in the table, or is to be put. */
  private int slot(int user) {
    int mask = table.length - 1;
    int slot = (user * 0x9E3779B9) >>> 7 & mask;
    while (table[slot] != 0 && users[table[slot] - 1] != user) {
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  /** Returns U. */
  int count() {
    return count;
  }

  /**
   * Returns U, rounded up by at most an eighth with groups that have no rows. Arrays of few sizes,
   * which recur all the time, do not fragment malloc's memory.
   */
  int groups() {
    int step = Math.max(1, Integer.highestOneBit(count) / 8);
    return (count + step - 1) / step * step;
  }

  /** Returns the index of a distinct user. */
  int user(int k) {
    return users[k];
  }

  /** Returns the number of each row's user; at least as long as the batch. */
  int[] groupOfRow() {
    return groupOfRow;
  }
}
