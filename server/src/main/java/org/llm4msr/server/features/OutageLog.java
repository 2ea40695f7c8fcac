package org.llm4msr.server.features;

import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.MsrException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Logs when a source begins to fail, is paused and answers again, and which columns it gives values
 * of that cannot be read. Of many outages it tells one in ten seconds. Safe for use by several
 * threads.
 */
final class OutageLog {

  private static final Logger LOG = LoggerFactory.getLogger(OutageLog.class);
  private static final long NANOS_BETWEEN = TimeUnit.SECONDS.toNanos(10);
  private static final double NANOS = 1e9;

  private final String source;
  private final long pauseMillis;
  private final LongSupplier ticker;
  private final Set<String> unreadable = new HashSet<>();
  private volatile @Nullable MsrException last;
  private long begin;
  private long toldAt;
  private boolean told;
  private boolean pauseTold;

  /**
   * Tells of a source.
   *
   * @param ticker the time in nanoseconds, as {@link System#nanoTime}
   */
  OutageLog(String source, long pauseMillis, LongSupplier ticker) {
    this.source = source;
    this.pauseMillis = pauseMillis;
    this.ticker = ticker;
    toldAt = ticker.getAsLong() - NANOS_BETWEEN;
  }

  /** Returns the last failure of the outage; null if there is none. */
  @Nullable MsrException last() {
    return last;
  }

  /** The source failed. */
  synchronized void failed(MsrException reason) {
    long now = ticker.getAsLong();
    begin = last == null ? now : begin;
    last = reason;
    if (!told && now - toldAt >= NANOS_BETWEEN) {
      told = true;
      toldAt = now;
      LOG.warn(
          "Requests are ranked by their bundles alone, because the feature source {} fails: {}",
          source,
          reason.getMessage());
    }
  }

  /** The source is not asked for a while. */
  synchronized void paused() {
    if (told && !pauseTold) {
      pauseTold = true;
      LOG.warn(
          "The feature source {} is paused, and tried again every {} ms.", source, pauseMillis);
    }
  }

  /** The source answered. */
  void answered() {
    if (last != null) {
      end();
    }
  }

  private synchronized void end() {
    if (told) {
      LOG.info(
          "The feature source {} answers again, after {} s.",
          source,
          String.format(Locale.ROOT, "%.1f", (ticker.getAsLong() - begin) / NANOS));
    }
    last = null;
    told = false;
    pauseTold = false;
  }

  /** A value cannot be read; the first of each column is told. */
  void unreadable(Unreadable value) {
    synchronized (unreadable) {
      if (!unreadable.add(value.column())) {
        return;
      }
    }
    LOG.warn(
        "A value of the feature source {} cannot be read; others of its column are only counted:"
            + " [{}] {}",
        source,
        value.code(),
        value.message());
  }
}
