package org.llm4msr.endtoend;

import java.util.concurrent.TimeUnit;

/** Waits for what other threads and processes do. No other test looks again after a pause. */
final class Await {

  private static final long MINUTES_OF_A_CHECK = 1;
  private static final long MINUTES_OF_A_PROCESS = 10;
  private static final int PAUSE_MILLIS = 2;

  private Await() {}

  /** An assertion that comes to hold. */
  @FunctionalInterface
  interface Check {
    void run() throws Exception;
  }

  /** A condition that comes to hold; it may act once it does. */
  @FunctionalInterface
  interface Condition {
    boolean isMet() throws Exception;
  }

  /** Waits until an assertion holds; throws its last error after a minute. */
  static void until(Check check) throws Exception {
    long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(MINUTES_OF_A_CHECK);
    while (true) {
      try {
        check.run();
        return;
      } catch (AssertionError e) {
        if (System.nanoTime() - end > 0) {
          throw e;
        }
      }
      Thread.sleep(PAUSE_MILLIS);
    }
  }

  /** Waits until a condition is met; returns false if the process ends before. */
  static boolean whileAlive(Process process, Condition condition) throws Exception {
    long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(MINUTES_OF_A_PROCESS);
    while (process.isAlive()) {
      if (condition.isMet()) {
        return true;
      }
      if (System.nanoTime() - end > 0) {
        throw new AssertionError("the process goes on, and what is awaited does not come");
      }
      Thread.sleep(PAUSE_MILLIS);
    }
    return false;
  }
}
