package org.llm4msr.cli.output;

import java.util.Locale;
import java.util.function.LongSupplier;

/** The speed of work: units over time, without those that had been done before. */
public final class Speed {

  private static final double NANOS = 1e9;

  /** Below this speed, a decimal is shown. */
  private static final double SLOW = 10;

  private final LongSupplier clock;
  private final long start;
  private long stepStart;
  private long skipped;
  private String remark = "";

  /** Begins now, by a clock of nanoseconds. */
  public Speed(LongSupplier clock) {
    this.clock = clock;
    this.start = clock.getAsLong();
    this.stepStart = start;
  }

  /** Notes what had been done before, and a remark. */
  public void detail(long skipped, String remark) {
    this.skipped = skipped;
    this.remark = remark;
  }

  /** Begins a step: earlier work had another speed. */
  public void step() {
    stepStart = clock.getAsLong();
    skipped = 0;
    remark = "";
  }

  /** Returns the seconds of all steps. */
  public double seconds() {
    return (clock.getAsLong() - start) / NANOS;
  }

  /** Returns the units a second of this step, where so many are done in all. */
  public double perSecond(long done) {
    return (done - skipped) * NANOS / (clock.getAsLong() - stepStart);
  }

  /** Returns that with a unit and the remark. */
  public String text(long done, String unit) {
    double rate = perSecond(done);
    String text = String.format(Locale.ROOT, rate < SLOW ? "%,.1f %s/s" : "%,.0f %s/s", rate, unit);
    return remark.isEmpty() ? text : text + ", " + remark;
  }
}
