package org.llm4msr.toolkit.hub;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.Stability;
import org.slf4j.event.Level;

/**
 * How often and when a request is sent again: each pause is twice the one before, up to 30 seconds,
 * less a random part, so that clients that failed together do not return together; a longer {@code
 * Retry-After} of up to ten minutes takes precedence. For one thread.
 */
@Stability(level = Stability.Level.UNSTABLE, since = "0.1")
public final class Backoff {

  private static final Duration FIRST = Duration.ofMillis(250);
  private static final Duration LONGEST = Duration.ofSeconds(30);
  private static final Duration LONG = Duration.ofSeconds(10);

  /** The longest {@code Retry-After} that is waited for. */
  public static final Duration PATIENCE = Duration.ofMinutes(10);

  private final int retries;
  private int failures;
  private Duration pause = Duration.ZERO;

  /**
   * Makes a backoff for a single request.
   *
   * @param retries how often it may be sent again
   */
  public Backoff(int retries) {
    this.retries = retries;
  }

  /**
   * Counts a failure, and returns whether the request may be sent again after {@link #pause}: not
   * after the last retry, nor if the service asks for more than {@link #PATIENCE}.
   *
   * @param retryAfter the header {@code Retry-After}, seconds or a date; null if there is none
   */
  public boolean again(@Nullable String retryAfter) {
    Duration asked = requestedPause(retryAfter);
    if (failures == retries || asked.compareTo(PATIENCE) > 0) {
      return false;
    }
    long most = Math.min(LONGEST.toMillis(), FIRST.toMillis() << Math.min(failures, 16));
    Duration own = Duration.ofMillis(ThreadLocalRandom.current().nextLong(most / 2, most + 1));
    pause = own.compareTo(asked) > 0 ? own : asked;
    failures++;
    return true;
  }

  /** Returns how long to wait before the request is sent again; nothing before a failure. */
  public Duration pause() {
    return pause;
  }

  /**
   * Returns the level at which to log the pause: a user who waits ten seconds or more is told why.
   */
  public Level level() {
    return pause.compareTo(LONG) < 0 ? Level.INFO : Level.WARN;
  }

  /** Returns the time that a header asks for; zero if it cannot be read. */
  public static Duration requestedPause(@Nullable String retryAfter) {
    if (retryAfter == null) {
      return Duration.ZERO;
    }
    try {
      return retryAfter.strip().matches("\\d{1,9}")
          ? Duration.ofSeconds(Long.parseLong(retryAfter.strip()))
          : until(ZonedDateTime.parse(retryAfter.strip(), DateTimeFormatter.RFC_1123_DATE_TIME));
    } catch (DateTimeException e) {
      return Duration.ZERO;
    }
  }

  private static Duration until(ZonedDateTime time) {
    Duration left = Duration.between(Instant.now(), time.toInstant());
    return left.isNegative() ? Duration.ZERO : left;
  }
}
