package org.llm4msr.server;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Holds whatever comes, until it is released or closed. */
final class Hold implements AutoCloseable {

  private final CountDownLatch there = new CountDownLatch(1);
  private final CountDownLatch released = new CountDownLatch(1);

  /** Waits until it is released. */
  void hold() {
    there.countDown();
    try {
      if (!released.await(1, TimeUnit.MINUTES)) {
        throw new IllegalStateException("nobody released it");
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Waits until something is held. */
  void await() throws InterruptedException {
    if (!there.await(1, TimeUnit.MINUTES)) {
      throw new AssertionError("nothing came");
    }
  }

  void release() {
    released.countDown();
  }

  @Override
  public void close() {
    release();
  }
}
