package org.llm4msr.runtime.knowledge.past;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.config.past.PastNeeds;
import org.llm4msr.runtime.data.prepared.LoggedRows;
import org.llm4msr.runtime.data.rows.EventTimes;

/**
 * The events of users by label.
 *
 * @param logs the positives; then the negatives if anything reads them
 * @param others the same rows by other labels, which tell their positives from their negatives
 */
public record EventLogs(List<EventLog> logs, Map<String, EventLogs> others) {

  public EventLogs {
    logs = List.copyOf(logs);
    others = Map.copyOf(others);
  }

  /** Takes events by one label. */
  public EventLogs(List<EventLog> logs) {
    this(logs, Map.of());
  }

  /** Returns the events by a label; the usual ones for null, and where there are no others. */
  public EventLogs by(@Nullable String label) {
    return label == null ? this : others.getOrDefault(label, this);
  }

  /**
   * Loads all that a model reads.
   *
   * @param rows gives the logged rows by a label; null for the usual one
   * @param users U; indices are below
   */
  public static EventLogs of(
      Function<@Nullable String, LoggedRows> rows, int users, PastNeeds needs) {
    Map<String, EventLogs> others = new TreeMap<>();
    for (String label : needs.others()) {
      others.put(label, of(rows.apply(label), users, needs.negatives()));
    }
    return new EventLogs(of(rows.apply(null), users, needs.negatives()).logs, others);
  }

  /**
   * Loads events.
   *
   * @param users U; indices are below
   * @param negatives whether they are loaded too
   */
  public static EventLogs of(LoggedRows rows, int users, boolean negatives) {
    List<EventLog> logs = new ArrayList<>(List.of(EventLog.load(rows, users, true)));
    if (negatives) {
      logs.add(EventLog.load(rows, users, false));
    }
    return new EventLogs(logs);
  }

  /** Returns when the events took place, and the labels by which a model reads them. */
  public EventTimes times(PastNeeds needs) {
    long[] ends = {Long.MAX_VALUE, Long.MIN_VALUE};
    for (EventLog log : logs) {
      log.forEach(
          true,
          (part, user, item, scenario, positive, time, group) -> {
            ends[0] = Math.min(ends[0], time);
            ends[1] = Math.max(ends[1], time);
          });
    }
    return new EventTimes(ends[0], ends[1], needs.labels());
  }

  /**
   * Returns these events after those of earlier data. An event that rows of this data repeat,
   * whatever their part and label, counts only as this data has it.
   *
   * @param earlier by the indices of this data
   * @param rows all logged rows of this data, U users
   */
  public EventLogs after(LoggedRows earlier, LoggedRows rows, int users) {
    List<EventLog> before = of(earlier, users, logs.size() > 1).logs;
    return new EventLogs(
        IntStream.range(0, logs.size())
            .mapToObj(
                label -> {
                  EventLog older = before.get(label);
                  return logs.get(label).after(older, older.repeatedIn(rows));
                })
            .toList());
  }
}
