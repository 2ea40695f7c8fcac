package org.llm4msr.runtime.knowledge.past;

import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.batch.GivenPast;

/**
 * Reads the newest events before a row: those that it brings, or else those of the log. For one
 * thread.
 */
public final class PastReader {

  private final @Nullable String label;
  private final EventLog positives;
  private final @Nullable EventLog negatives;
  private final int length;
  private final int lastPart;
  private final PastEvents past;
  private final PastEvents chosen;
  private final PastEvents refused;
  private int[] endsOfPositives = new int[0];
  private int[] endsOfNegatives = new int[0];

  @SuppressWarnings("UnusedVariable") // Otherwise what is fetched early would not be read.
  private int fetched;

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
    this.length = length;
    this.lastPart = lastPart;
    past = new PastEvents(length);
    chosen = new PastEvents(length);
    refused = new PastEvents(length);
  }

  /** Takes the events of a row, newest first, before those of the next are read. */
  @FunctionalInterface
  public interface Target {
    void take(int row, PastEvents past);
  }

  /** Reads the events of the rows {@code from} to {@code to - 1}. */
  public void read(Batch batch, int from, int to, Target target) {
    if (endsOfPositives.length < to - from) {
      endsOfPositives = new int[to - from];
      endsOfNegatives = new int[to - from];
    }
    find(positives, batch, from, to, endsOfPositives);
    if (negatives != null) {
      find(negatives, batch, from, to, endsOfNegatives);
    }
    for (int row = from; row < to; row++) {
      GivenPast given = given(batch, row);
      if (given != null) {
        take(given);
      } else if (negatives == null) {
        read(positives, batch, row, endsOfPositives[row - from], past);
      } else {
        read(positives, batch, row, endsOfPositives[row - from], chosen);
        read(negatives, batch, row, endsOfNegatives[row - from], refused);
        merge(positives, negatives);
      }
      target.take(row, past);
    }
  }

  private static @Nullable GivenPast given(Batch batch, int row) {
    return batch.pasts == null ? null : batch.pasts[row];
  }

  /**
   * Finds where the events of rows end that read the log. Does one thing for all rows, then the
   * next, so that a processor fetches for several.
   */
  private void find(EventLog log, Batch batch, int from, int to, int[] ends) {
    for (int row = from; row < to; row++) {
      if (given(batch, row) == null) {
        ends[row - from] = log.end(batch.user[row], batch.time[row]);
      }
    }
    for (int row = from; row < to; row++) {
      if (given(batch, row) == null) {
        fetched += log.fetch(batch.user[row], ends[row - from], length);
      }
    }
  }

  private void take(GivenPast given) {
    if (negatives == null) {
      past.takeChosen(given, label);
    } else {
      past.takeKnown(given, label);
    }
  }

  private void read(EventLog log, Batch batch, int row, int end, PastEvents target) {
    int part = Math.min(batch.part, lastPart);
    log.read(batch.user[row], end, part, batch.group[row], target);
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
