package org.llm4msr.runtime.data.rows;

import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.llm4msr.api.data.RawSchema;

/**
 * When the events of a model took place, in milliseconds since 1970, and what tells their
 * positives.
 *
 * @param first time of the first; above {@code last} if there are none
 * @param last time of the last
 * @param labels names of the labels by which the model tells positives, the usual one first
 */
public record EventTimes(long first, long last, List<String> labels) {

  /** How long after its events a model may still be in use. */
  private static final long USED_MILLIS = TimeUnit.DAYS.toMillis(3653);

  public EventTimes {
    labels = List.copyOf(labels);
  }

  /** Takes events whose positives are those of the main label. */
  public EventTimes(long first, long last) {
    this(first, last, List.of(RawSchema.LABEL));
  }

  /**
   * Refuses a time that is early in 1970, before all events, and among or soon after them if it is
   * read as seconds.
   */
  void requireMillis(long time, String column, long row) {
    long ofSeconds = TimeUnit.SECONDS.toMillis(time);
    if (time > 0 && time < first && ofSeconds >= first && ofSeconds - USED_MILLIS <= last) {
      throw new RowException(
          "BAD_VALUE",
          row,
          "Column '%s' has %d in row %d, which is %s: it seems to be in seconds. The events of the model begin at %s. Write milliseconds since 1970."
              .formatted(
                  column, time, row, Instant.ofEpochMilli(time), Instant.ofEpochMilli(first)));
    }
  }
}
