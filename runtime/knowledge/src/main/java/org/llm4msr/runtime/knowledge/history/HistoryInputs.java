package org.llm4msr.runtime.knowledge.history;

import static java.util.Objects.requireNonNull;

import java.util.List;
import org.llm4msr.runtime.config.past.HistoryConfig;
import org.llm4msr.runtime.data.prepared.LoggedRows;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.knowledge.past.EventLog;
import org.llm4msr.runtime.knowledge.past.EventLogs;

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

  /** Takes what a model reads of the events of users. */
  public static HistoryInputs of(HistoryConfig config, EventLogs events) {
    return new HistoryInputs(config, events.logs().subList(0, config.negatives() ? 2 : 1));
  }

  /** Loads the events of rows of so many users. */
  public static HistoryInputs of(HistoryConfig config, LoggedRows rows, int users) {
    return of(config, EventLogs.of(rows, users, config.negatives()));
  }

  /** Returns the last part whose events are read. */
  public Split lastPart() {
    return config.until() == HistoryConfig.Until.ROW ? Split.TEST : Split.TRAIN;
  }

  /** Returns which numbers the model reads. */
  public HistoryLayout layout() {
    return new HistoryLayout(
        config.length(), config.bins(), config.byScenario(), config.negatives());
  }
}
