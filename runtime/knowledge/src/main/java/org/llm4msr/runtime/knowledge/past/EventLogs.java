package org.llm4msr.runtime.knowledge.past;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.llm4msr.runtime.data.prepared.LoggedRows;

/**
 * The events of users by label.
 *
 * @param logs the positives; then the negatives if anything reads them
 */
public record EventLogs(List<EventLog> logs) {

  public EventLogs {
    logs = List.copyOf(logs);
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
