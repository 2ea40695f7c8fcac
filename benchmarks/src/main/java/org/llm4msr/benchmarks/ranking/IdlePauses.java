package org.llm4msr.benchmarks.ranking;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;

/** How long a thread that only waits is kept from waking: the pauses of machine and JVM. */
final class IdlePauses implements AutoCloseable {

  private static final long WAIT = TimeUnit.MILLISECONDS.toNanos(1);

  private final Histogram pauses = new Histogram(3);
  private final Thread thread;
  private volatile boolean ends;

  /** Begins to measure. */
  IdlePauses() {
    thread = new Thread(this::run, "idle-pauses");
    thread.setDaemon(true);
    thread.start();
  }

  private void run() {
    OwnProcessor.bind(1);
    long due = System.nanoTime() + WAIT;
    while (!ends) {
      LockSupport.parkNanos(due - System.nanoTime());
      long now = System.nanoTime();
      if (now >= due) {
        pauses.recordValue(now - due);
        due = now + WAIT;
      }
    }
  }

  /** Ends and returns a percentile of the pauses, in milliseconds. */
  double percentile(double percentile) throws InterruptedException {
    close();
    return pauses.getValueAtPercentile(percentile) / 1e6;
  }

  @Override
  public void close() throws InterruptedException {
    ends = true;
    thread.join();
  }
}
