package org.llm4msr.runtime.knowledge.past;

import java.util.BitSet;
import java.util.List;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.data.prepared.LoggedRows;
import org.llm4msr.runtime.data.prepared.Split;

/**
 * Logged rows of one label by user, oldest first. What a row may read of them is exact: the events
 * of its user strictly before its time, none of its own group, and none of a later part than its
 * own. Immutable.
 */
public final class EventLog {

  /** Each may read those before it. */
  private static final List<Split> PARTS = List.of(Split.values());

  /** How many numbers of four bytes a processor fetches at a time. */
  private static final int LINE = 16;

  /** The end of the events of an unknown user. */
  private static final int NONE = -1;

  private final int[] starts; // (users + 1)
  private final long[] times;
  private final int[] items;
  private final int[] scenarios;
  private final byte[] parts;
  private final int[] groups;

  private EventLog(int[] starts) {
    int events = starts[starts.length - 1];
    this.starts = starts;
    times = new long[events];
    items = new int[events];
    scenarios = new int[events];
    parts = new byte[events];
    groups = new int[events];
  }

  /**
   * Loads the events of one label, 21 bytes each. The rows are visited twice.
   *
   * @param rows of the parts whose events may be read
   * @param users U; indices are below
   */
  public static EventLog load(LoggedRows rows, int users, boolean positives) {
    int[] starts = new int[users + 1];
    rows.forEach(
        (part, user, item, scenario, positive, time, group) -> {
          if (positive == positives) {
            starts[user + 1]++;
          }
        });
    long sum = 0;
    for (int user = 0; user < users; user++) {
      sum += starts[user + 1];
      starts[user + 1] = (int) Math.min(sum, Integer.MAX_VALUE);
    }
    if (sum > Integer.MAX_VALUE - 8) {
      throw new MsrException(
          ErrorType.RESOURCES,
          "knowledge/HISTORY_SIZE",
          "The data has %,d logged %s, and a history holds at most %,d. Prepare fewer rows."
              .formatted(sum, positives ? "positives" : "negatives", Integer.MAX_VALUE - 8));
    }
    EventLog log = new EventLog(starts);
    int[] next = starts.clone();
    rows.forEach(
        (part, user, item, scenario, positive, time, group) -> {
          if (positive == positives) {
            log.set(next[user]++, part, item, scenario, time, group);
          }
        });
    return log;
  }

  private void set(int event, Split part, int item, int scenario, long time, int group) {
    groups[event] = group;
    parts[event] = (byte) part.number();
    items[event] = item;
    scenarios[event] = scenario;
    times[event] = time;
  }

  /**
   * Returns these events and older ones, of which those of one time come first.
   *
   * @param before of the same users
   * @param repeated numbers of the older events that are left out
   */
  public EventLog after(EventLog before, BitSet repeated) {
    LoggedRows both =
        visitor -> {
          for (int user = 0; user < users(); user++) {
            int own = starts[user];
            for (int event = before.starts[user]; event < before.starts[user + 1]; event++) {
              if (!repeated.get(event)) {
                for (; own < starts[user + 1] && times[own] < before.times[event]; own++) {
                  visit(user, own, true, visitor);
                }
                before.visit(user, event, true, visitor);
              }
            }
            for (; own < starts[user + 1]; own++) {
              visit(user, own, true, visitor);
            }
          }
        };
    return load(both, users(), true);
  }

  /** Returns the numbers of the events that rows repeat, whatever their part and label. */
  public BitSet repeatedIn(LoggedRows rows) {
    BitSet repeated = new BitSet(size());
    rows.forEach(
        (part, user, item, scenario, positive, time, group) -> {
          int event = end(user, time);
          for (; event < starts[user + 1] && times[event] == time; event++) {
            if (items[event] == item && scenarios[event] == scenario) {
              repeated.set(event);
            }
          }
        });
    return repeated;
  }

  /** Visits all events, user by user, oldest first. */
  public void forEach(boolean positive, LoggedRows.Visitor visitor) {
    for (int user = 0; user < users(); user++) {
      for (int event = starts[user]; event < starts[user + 1]; event++) {
        visit(user, event, positive, visitor);
      }
    }
  }

  private void visit(int user, int event, boolean positive, LoggedRows.Visitor visitor) {
    visitor.visit(
        PARTS.get(parts[event]),
        user,
        items[event],
        scenarios[event],
        positive,
        times[event],
        groups[event]);
  }

  private int users() {
    return starts.length - 1;
  }

  /** Returns how many events there are. */
  public int size() {
    return times.length;
  }

  /**
   * Reads the last events of a user that a row may read.
   *
   * @param end as {@link #end} says for the row
   * @param part of the row, as {@link Split#number}
   * @param group of the row, 0 for none
   * @param target filled with the newest, as far as there is room
   */
  public void read(int user, int end, int part, int group, PastEvents target) {
    target.clear();
    if (end == NONE) {
      return;
    }
    int first = starts[user];
    for (int event = end - 1; event >= first && !target.isFull(); event--) {
      if (parts[event] <= part && (group == 0 || groups[event] != group)) {
        target.add(items[event], scenarios[event], event);
      }
    }
  }

  /** Returns the time of an event, by its number. */
  long time(int event) {
    return times[event];
  }

  /** Returns the item of an event, by its number. */
  public int item(int event) {
    return items[event];
  }

  /**
   * Returns the number of the oldest of a user's last events.
   *
   * @param end as {@link #end} says for a row
   * @param length how many events at most
   */
  public int start(int user, int end, int length) {
    return end == NONE ? NONE : Math.max(starts[user], end - length);
  }

  /**
   * Brings the last events of a user near the processor: reads that wait for one another are slow.
   *
   * @param end as {@link #end} says for the row
   * @param length how many events
   */
  public int fetch(int user, int end, int length) {
    if (end == NONE) {
      return 0;
    }
    int first = start(user, end, length);
    int read = 0;
    for (int event = end - 1; event >= first; event -= LINE) {
      read += items[event] + scenarios[event] + parts[event];
    }
    return read;
  }

  /**
   * Returns the end of a user's events that are strictly before a time; NONE of an unknown user.
   *
   * @param time in milliseconds since 1970
   */
  public int end(int user, long time) {
    if (user < 0 || user >= users()) {
      return NONE;
    }
    int low = starts[user];
    int high = starts[user + 1];
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (times[middle] < time) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }
}
