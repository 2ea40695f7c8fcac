package org.llm4msr.runtime.data.order;

import java.util.Arrays;
import org.llm4msr.runtime.data.arrow.ArrowFile;
import org.llm4msr.runtime.data.arrow.IdColumn;

/** User by user, the rows of each in the order of the file. */
public final class UserOrder implements RowOrder {

  private final ArrowFile file;
  private final int[] byUser;
  private int next;

  /**
   * Orders all rows of a file.
   *
   * @param users U; indices are below
   * @throws ArithmeticException above 2^31 - 1 rows
   */
  public UserOrder(ArrowFile file, IdColumn user, int users) {
    this.file = file;
    byUser = new int[Math.toIntExact(file.rows())];
    int[] starts = new int[users + 1];
    for (int row = 0; row < byUser.length; row++) {
      starts[user.get(file.locate(row)) + 1]++;
    }
    Arrays.parallelPrefix(starts, Integer::sum);
    for (int row = 0; row < byUser.length; row++) {
      byUser[starts[user.get(file.locate(row))]++] = row;
    }
  }

  @Override
  public int next(long[] picks) {
    int count = Math.min(picks.length, byUser.length - next);
    for (int i = 0; i < count; i++) {
      picks[i] = file.locate(byUser[next++]);
    }
    return count;
  }
}
