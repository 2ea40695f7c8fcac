package org.llm4msr.spark.extract;

import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;

/** Tells the progress of a job on standard error, once a minute. */
final class ProgressLines implements BiConsumer<Long, Long> {

  private static final long EVERY = TimeUnit.MINUTES.toNanos(1);

  private final String task;
  private final String unit;
  private long due = System.nanoTime() + EVERY;

  ProgressLines(String task, String unit) {
    this.task = task;
    this.unit = unit;
  }

  @Override
  public synchronized void accept(Long done, Long total) {
    if (System.nanoTime() - due >= 0) {
      due = System.nanoTime() + EVERY;
      System.err.println(String.format(Locale.ROOT, "%s: %,d of %,d %s", task, done, total, unit));
    }
  }
}
