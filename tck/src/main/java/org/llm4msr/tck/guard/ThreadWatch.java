package org.llm4msr.tck.guard;

import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** The threads of the process. It waits for threads that are ending. */
final class ThreadWatch implements ResourceWatch {

  private static final long PATIENCE_MILLIS = 2000;
  private static final int FRAMES = 3;

  /**
   * Threads that all users share, of the JDK (in version 17 its HTTP client cannot be closed), JNA
   * and gRPC.
   */
  private static final List<String> SHARED =
      List.of(
          "ForkJoinPool.commonPool-",
          "process reaper",
          "HttpClient-",
          "Common-Cleaner",
          "JNA Cleaner",
          "grpc-");

  private final Set<Thread> before = Thread.getAllStackTraces().keySet();

  @Override
  public List<String> leftovers() {
    long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(PATIENCE_MILLIS);
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> !before.contains(thread) && !isShared(thread))
        .filter(thread -> outlives(thread, deadline))
        .map(ThreadWatch::describe)
        .toList();
  }

  private static boolean isShared(Thread thread) {
    ThreadGroup group = thread.getThreadGroup();
    return (group != null && group.getName().equals("system"))
        || SHARED.stream().anyMatch(thread.getName()::startsWith);
  }

  private static boolean outlives(Thread thread, long deadline) {
    long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
    try {
      thread.join(Math.max(1, left));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return thread.isAlive();
  }

  private static String describe(Thread thread) {
    StringBuilder text = new StringBuilder("thread '" + thread.getName() + "', which is at");
    Arrays.stream(thread.getStackTrace())
        .limit(FRAMES)
        .forEach(frame -> text.append("\n      at ").append(frame));
    return text.toString();
  }
}
