package org.llm4msr.benchmarks.ranking;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntConsumer;
import org.HdrHistogram.Histogram;

/**
 * Sends requests at a rate, whether or not earlier ones are answered, from one thread. A latency
 * begins when a request is due, so that waiting for another one counts.
 */
final class OpenLoop {

  private static final long SPIN = TimeUnit.MICROSECONDS.toNanos(200);

  private OpenLoop() {}

  /**
   * Runs.
   *
   * @param rate requests a second
   * @param count how many
   * @param send sends one by its number and waits for the answer
   * @return latencies in nanoseconds
   */
  static Histogram run(double rate, int count, IntConsumer send) {
    Histogram latencies = new Histogram(3);
    long start = System.nanoTime();
    for (int i = 0; i < count; i++) {
      long due = start + (long) (i * 1e9 / rate);
      awaitTime(due);
      send.accept(i);
      latencies.recordValue(System.nanoTime() - due);
    }
    return latencies;
  }

  /** Sleeps, and looks at the clock for the last moments: a thread wakes later than it asked. */
  private static void awaitTime(long due) {
    for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) {
      if (left > SPIN) {
        LockSupport.parkNanos(left - SPIN);
      } else {
        Thread.onSpinWait();
      }
    }
  }
}
