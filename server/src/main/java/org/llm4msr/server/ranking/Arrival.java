package org.llm4msr.server.ranking;

import java.time.Duration;
import java.util.function.BooleanSupplier;
import org.llm4msr.server.refusal.Refusals;

/**
 * A request that has come.
 *
 * @param client the token that it brought, or the address that it came from
 * @param begin when it came, in nanoseconds of the server's ticker
 * @param deadline by when it has to be answered, likewise
 * @param awaited whether its client waits still
 */
public record Arrival(String client, long begin, long deadline, BooleanSupplier awaited) {

  /** Notes a request that comes at a time, and which it may take. */
  public static Arrival at(long begin, String client, Duration time, BooleanSupplier awaited) {
    return new Arrival(client, begin, begin + time.toNanos(), awaited);
  }

  /**
   * Ends the work for a request whose client has left.
   *
   * @throws org.llm4msr.api.MsrException {@code serve/CANCELLED}
   */
  void requireAwaited() {
    if (!awaited.getAsBoolean()) {
      throw Refusals.cancelled();
    }
  }
}
