package org.llm4msr.benchmarks.ranking;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntFunction;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;

/**
 * Sends requests at a rate, whether or not earlier ones are answered. A latency begins when a
 * request is due.
 */
final class AsyncOpenLoop {

  private final AtomicInteger failed = new AtomicInteger();

  /**
   * Runs.
   *
   * @param rate requests a second
   * @param send sends one by its number, and tells whether it was answered
   * @return latencies of those that were, in nanoseconds
   */
  Histogram run(double rate, int count, IntFunction<CompletableFuture<Boolean>> send)
      throws InterruptedException {
    Histogram latencies = new ConcurrentHistogram(3);
    CountDownLatch open = new CountDownLatch(count);
    long start = System.nanoTime();
    for (int i = 0; i < count; i++) {
      long due = start + (long) (i * 1e9 / rate);
      for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) {
        LockSupport.parkNanos(left);
      }
      CompletableFuture<Boolean> unused =
          send.apply(i)
              .whenComplete(
                  (answered, error) -> {
                    if (Boolean.TRUE.equals(answered)) {
                      latencies.recordValue(System.nanoTime() - due);
                    } else {
                      failed.incrementAndGet();
                    }
                    open.countDown();
                  });
    }
    open.await();
    return latencies;
  }

  /** Returns how many were not answered. */
  int failed() {
    return failed.get();
  }
}
