package org.llm4msr.runtime.cli;

import java.util.Locale;
import java.util.function.LongSupplier;

/** How fast work goes: units over time, without those that had been done before. */
final class Speed {

  private static final double NANOS = 1e9;

  /** Slower than this, a decimal is shown. */
  private static final double SLOW = 10;

  private final LongSupplier clock;
  private final long start;
  private long skipped;
  private String remark = "";

  Speed(LongSupplier clock) {
    this.clock = clock;
    this.start = clock.getAsLong();
  }

  void detail(long skipped, String remark) {
    this.skipped = skipped;
    this.remark = remark;
  }

  double seconds() {
    return (clock.getAsLong() - start) / NANOS;
  }

  double perSecond(long done) {
    return (done - skipped) / seconds();
  }

  String text(long done, String unit) {
    double rate = perSecond(done);
    String text = String.format(Locale.ROOT, rate < SLOW ? "%,.1f %s/s" : "%,.0f %s/s", rate, unit);
    return remark.isEmpty() ? text : text + ", " + remark;
  }
}
