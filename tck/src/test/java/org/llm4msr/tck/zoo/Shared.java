package org.llm4msr.tck.zoo;

import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CyclicBarrier;

/** A field that two threads of the kit write at once; one of them reads what the other wrote. */
final class Shared {

  private final CyclicBarrier both = new CyclicBarrier(2);
  private volatile long last;

  /**
   * Writes the field, waits for the other thread, and returns whether that has written it since.
   */
  boolean isAnothers() {
    if (!Thread.currentThread().getName().startsWith("conformance-")) {
      return false;
    }
    last = Thread.currentThread().getId();
    try {
      both.await();
    } catch (InterruptedException | BrokenBarrierException e) {
      throw new IllegalStateException(e);
    }
    return last != Thread.currentThread().getId();
  }
}
