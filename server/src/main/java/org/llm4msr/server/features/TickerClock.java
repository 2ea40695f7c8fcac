package org.llm4msr.server.features;

import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.function.LongSupplier;

/**
 * A ticker as a clock, so that a pause is as long as it should be when the clock of the machine
 * jumps. Only the time between two of its instants means something.
 */
final class TickerClock extends Clock {

  private final LongSupplier ticker;

  TickerClock(LongSupplier ticker) {
    this.ticker = ticker;
  }

  @Override
  public Instant instant() {
    return Instant.EPOCH.plusNanos(ticker.getAsLong());
  }

  @Override
  public ZoneId getZone() {
    return ZoneOffset.UTC;
  }

  @Override
  public Clock withZone(ZoneId zone) {
    throw new UnsupportedOperationException("it tells no date");
  }
}
