package org.llm4msr.server.ranking;

import java.time.Duration;

/**
 * A request that has come.
 *
 * @param client the token that it brought, or the address that it came from
 * @param begin when it came, in nanoseconds of {@link System#nanoTime}
 * @param deadline by when it has to be answered, likewise
 */
public record Arrival(String client, long begin, long deadline) {

  /** Notes a request that came now. */
  public static Arrival now(String client, Duration time) {
    long now = System.nanoTime();
    return new Arrival(client, now, now + time.toNanos());
  }
}
