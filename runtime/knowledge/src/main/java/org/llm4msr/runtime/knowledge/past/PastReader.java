package org.llm4msr.runtime.knowledge.past;

import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.tables.Batch;
import org.llm4msr.runtime.tables.GivenPast;

/**
 * Reads the newest events before a row: those that it brings, or else those of the log. For one
 * thread.
 */
public final class PastReader {

  private final @Nullable String label;
  private final EventLog positives;
  private final @Nullable EventLog negatives;
  private final int lastPart;
  private final PastEvents past;
  private final PastEvents chosen;
  private final PastEvents refused;

  /** Makes a reader by the usual label. */
  public PastReader(EventLogs logs, boolean all, int length, int lastPart) {
    this(logs, null, all, length, lastPart);
  }

  /**
   * Makes a reader.
   *
   * @param label tells positives from negatives; null for the usual one
   * @param all whether negatives are read too, which the logs must have
   * @param length L, the most events
   * @param lastPart the last part whose events are read, as {@link
   *     org.llm4msr.runtime.data.prepared.Split#number}
   */
  public PastReader(EventLogs logs, @Nullable String label, boolean all, int length, int lastPart) {
    this.label = label;
    positives = logs.by(label).logs().get(0);
    negatives = all ? logs.by(label).logs().get(1) : null;
    this.lastPart = lastPart;
    past = new PastEvents(length);
    chosen = new PastEvents(length);
    refused = new PastEvents(length);
  }

  /** Reads the events of a row, newest first; the next call reuses the result. */
  public PastEvents read(Batch batch, int row) {
    GivenPast given = batch.pasts == null ? null : batch.pasts[row];
    if (given != null) {
      take(given);
    } else if (negatives == null) {
      read(positives, batch, row, past);
    } else {
      read(positives, batch, row, chosen);
      read(negatives, batch, row, refused);
      merge(positives, negatives);
    }
    return past;
  }

  private void take(GivenPast given) {
    if (negatives == null) {
      past.takeChosen(given, label);
    } else {
      past.takeKnown(given, label);
    }
  }

  private void read(EventLog log, Batch batch, int row, PastEvents target) {
    int user = batch.user[row];
    int end = log.end(user, batch.time[row]);
    log.read(user, end, Math.min(batch.part, lastPart), batch.group[row], target);
  }

  /** Of events of one time, positives are the newer ones. */
  private void merge(EventLog first, EventLog second) {
    past.clear();
    int p = 0;
    int n = 0;
    while (!past.isFull() && (p < chosen.size() || n < refused.size())) {
      boolean positive =
          n == refused.size()
              || (p < chosen.size()
                  && first.time(chosen.event(p)) >= second.time(refused.event(n)));
      if (positive) {
        past.add(chosen.item(p), chosen.scenario(p), chosen.event(p));
        p++;
      } else {
        past.add(refused.item(n), refused.scenario(n), refused.event(n));
        n++;
      }
    }
  }
}
