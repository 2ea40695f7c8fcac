package org.llm4msr.runtime.scoring;

import java.util.Locale;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.data.rows.RowEncoder;

/**
 * How many of some rows name a user or an item that the model does not know, or none.
 *
 * @param users rows whose user is not known
 * @param items rows whose item is not known
 */
public record UnknownIds(long users, long items) {

  static final UnknownIds NONE = new UnknownIds(0, 0);

  /** Counts the rows of a batch. */
  static UnknownIds of(Batch batch, RowEncoder encoder) {
    long users = 0;
    long items = 0;
    for (int row = 0; row < batch.size; row++) {
      users += batch.user[row] >= encoder.userKeys().size() ? 1 : 0;
      items += batch.item[row] >= encoder.itemKeys().size() ? 1 : 0;
    }
    return new UnknownIds(users, items);
  }

  UnknownIds plus(UnknownIds others) {
    return new UnknownIds(users + others.users, items + others.items);
  }

  /**
   * Returns the counts as a sentence; empty if all ids are known.
   *
   * @param rows how many there are
   */
  public String text(long rows) {
    if (equals(NONE)) {
      return "";
    }
    String counted =
        users == 0 ? "%2$,d of %1$,d rows name an item" : "%3$,d of %1$,d rows name a user";
    String also = users == 0 || items == 0 ? "" : ", %2$,d an item,";
    String advice =
        Math.max(users, items) == rows ? " Write ids as they are in the training data." : "";
    return String.format(
        Locale.ROOT,
        counted + also + " that the model does not know." + advice,
        rows,
        items,
        users);
  }
}
