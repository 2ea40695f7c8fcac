package org.llm4msr.runtime.assembly;

import java.util.Arrays;
import org.llm4msr.runtime.knowledge.vectors.UserKnowledge;

/**
 * The distinct users of a batch, or the distinct slots of {@link UserKnowledge}, numbered by first
 * appearance. Reused from batch to batch.
 */
final class DistinctUsers {

  private final int[] numberOf;
  private int[] users = new int[0];
  private int[] groupOfRow = new int[0];
  private int count;

  DistinctUsers(int allUsers) {
    numberOf = new int[allUsers];
    Arrays.fill(numberOf, -1);
  }

  /** Finds the users of the first {@code rows} rows. */
  void find(int[] userOfRow, int rows) {
    if (users.length < rows) {
      users = new int[rows];
      groupOfRow = new int[rows];
    }
    count = 0;
    for (int row = 0; row < rows; row++) {
      int user = userOfRow[row];
      if (numberOf[user] < 0) {
        numberOf[user] = count;
        users[count++] = user;
      }
      groupOfRow[row] = numberOf[user];
    }
    for (int k = 0; k < count; k++) {
      numberOf[users[k]] = -1;
    }
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
