package org.llm4msr.benchmarks.ranking;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;

/** Sends the next request when one is answered, some at once. */
final class ClosedLoop {

  private final IntFunction<CompletableFuture<Boolean>> send;
  private final long end;
  private final AtomicInteger next = new AtomicInteger();
  private final AtomicInteger answered = new AtomicInteger();
  private final CountDownLatch ended;

  private ClosedLoop(int atOnce, Duration time, IntFunction<CompletableFuture<Boolean>> send) {
    this.send = send;
    end = System.nanoTime() + time.toNanos();
    ended = new CountDownLatch(atOnce);
  }

  /**
   * Runs.
   *
   * @param send sends one by its number, and tells whether it was answered
   * @return how many were
   */
  static int run(int atOnce, Duration time, IntFunction<CompletableFuture<Boolean>> send)
      throws InterruptedException {
    ClosedLoop loop = new ClosedLoop(atOnce, time, send);
    for (int i = 0; i < atOnce; i++) {
      loop.step();
    }
    loop.ended.await();
    return loop.answered.get();
  }

  private void step() {
    if (System.nanoTime() > end) {
      ended.countDown();
      return;
    }
    CompletableFuture<Boolean> unused =
        send.apply(next.getAndIncrement())
            .whenComplete(
                (done, error) -> {
                  if (Boolean.TRUE.equals(done)) {
                    answered.incrementAndGet();
                  }
                  step();
                });
  }
}
