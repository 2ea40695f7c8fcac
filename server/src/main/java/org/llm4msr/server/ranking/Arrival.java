package org.llm4msr.server.ranking;

import java.time.Duration;

/**
 * A request that has come.
 *
 * @param client the token that it brought, or the address that it came from
 * @param begin when it came, in nanoseconds of the server's ticker
 * @param deadline by when it has to be answered, likewise
 */
public record Arrival(String client, long begin, long deadline) {

  /** Notes a request that comes at a time, and which it may take. */
  public static Arrival at(long begin, String client, Duration time) {
    return new Arrival(client, begin, begin + time.toNanos());
  }
}
