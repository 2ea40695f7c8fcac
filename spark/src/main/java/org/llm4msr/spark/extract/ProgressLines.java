package org.llm4msr.spark.extract;

import java.io.PrintStream;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;

/** Tells the progress of a job, once a minute. */
final class ProgressLines implements BiConsumer<Long, Long> {

  private static final long EVERY = TimeUnit.MINUTES.toNanos(1);

  private final PrintStream out;
  private final String task;
  private final String unit;
  private long due = System.nanoTime() + EVERY;

  ProgressLines(PrintStream out, String task, String unit) {
    this.out = out;
    this.task = task;
    this.unit = unit;
  }

  @Override
  public synchronized void accept(Long done, Long total) {
    if (System.nanoTime() - due >= 0) {
      due = System.nanoTime() + EVERY;
      out.println(String.format(Locale.ROOT, "%s: %,d of %,d %s", task, done, total, unit));
    }
  }
}
