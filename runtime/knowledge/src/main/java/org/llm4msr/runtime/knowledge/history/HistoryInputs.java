package org.llm4msr.runtime.knowledge.history;

import static java.util.Objects.requireNonNull;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.stream.IntStream;
import org.llm4msr.runtime.config.HistoryConfig;
import org.llm4msr.runtime.data.prepared.LoggedRows;
import org.llm4msr.runtime.data.prepared.PreparedData;
import org.llm4msr.runtime.data.prepared.Split;

/**
 * The events that a model may read, and how it reads them.
 *
 * @param logs the positives; then the negatives if they are read
 */
public record HistoryInputs(HistoryConfig config, List<EventLog> logs) {

  public HistoryInputs {
    requireNonNull(config, "config is null");
    logs = List.copyOf(logs);
  }

  /**
   * Loads the events of prepared data.
   *
   * @throws org.llm4msr.api.MsrException of type USER where rows have no time, of type DATA where
   *     the data does not say which rows were logged
   */
  public static HistoryInputs of(HistoryConfig config, PreparedData data) {
    EnumSet<Split> parts =
        config.until() == HistoryConfig.Until.ROW
            ? EnumSet.allOf(Split.class)
            : EnumSet.of(Split.TRAIN);
    LoggedRows rows =
        config.positive() == null
            ? data.loggedRows(parts)
            : data.loggedRows(parts, config.positive());
    return of(config, rows, data.manifest().users());
  }

  /** Loads the events of rows of so many users. */
  public static HistoryInputs of(HistoryConfig config, LoggedRows rows, int users) {
    List<EventLog> logs = new ArrayList<>(List.of(EventLog.load(rows, users, true)));
    if (config.negatives()) {
      logs.add(EventLog.load(rows, users, false));
    }
    return new HistoryInputs(config, logs);
  }

  /**
   * Returns these events after those of earlier data. An event that rows of this data repeat,
   * whatever their part and label, counts only as this data has it.
   *
   * @param earlier by the indices of this data
   * @param rows all logged rows of this data, U users
   */
  public HistoryInputs after(LoggedRows earlier, LoggedRows rows, int users) {
    List<EventLog> before = of(config, earlier, users).logs;
    return new HistoryInputs(
        config,
        IntStream.range(0, logs.size())
            .mapToObj(
                label -> {
                  EventLog older = before.get(label);
                  return logs.get(label).after(older, older.repeatedIn(rows));
                })
            .toList());
  }

  /** Returns which numbers the model reads. */
  public HistoryLayout layout() {
    return new HistoryLayout(
        config.length(), config.bins(), config.byScenario(), config.negatives());
  }
}
