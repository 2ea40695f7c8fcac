package org.llm4msr.runtime.tables;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A few threads that divide ranges among them. Which thread takes which block is left to chance, so
 * a task must write only what belongs to its block; then the result does not depend on the thread
 * count. Several callers may share them, if their tasks share nothing: a worker's number is its own
 * within one call.
 */
public final class Workers implements AutoCloseable {

  /** How long a thread looks out for work before it sleeps, in nanoseconds. */
  private static final long PATIENCE = 200_000;

  private final int threads;
  private final @Nullable ExecutorService pool;

  /** Makes workers; the calling thread is one of them. */
  public Workers(int threads) {
    this.threads = Math.max(1, threads);
    this.pool =
        this.threads == 1
            ? null
            : new ThreadPoolExecutor(
                this.threads - 1,
                this.threads - 1,
                0,
                TimeUnit.SECONDS,
                new PatientQueue(),
                Workers::thread);
  }

  private static Thread thread(Runnable task) {
    Thread thread = new Thread(task, "llm4msr-worker");
    thread.setDaemon(true);
    return thread;
  }

  /**
   * Whoever waits looks out for a while before it sleeps: to wake a thread takes longer than most
   * ranges are apart. It yields its processor to every other thread meanwhile.
   *
   * @param isDone whether to wait no longer
   */
  @SuppressWarnings(
      "ThreadPriorityCheck") // Results do not depend on who goes first, only time does.
  private static void lookOut(BooleanSupplier isDone) {
    long end = System.nanoTime() + PATIENCE;
    while (!isDone.getAsBoolean() && System.nanoTime() < end) {
      Thread.yield();
    }
  }

  /** The ranges that wait for a thread. */
  private static final class PatientQueue extends LinkedBlockingQueue<Runnable> {

    @Override
    public Runnable take() throws InterruptedException {
      lookOut(() -> !isEmpty());
      return super.take();
    }
  }

  /** Returns how many threads work. */
  public int threads() {
    return threads;
  }

  /** Work on one block. */
  @FunctionalInterface
  public interface Task {
    /**
     * Processes the rows {@code from} to {@code to - 1}.
     *
     * @param worker 0 to threads - 1, for scratch memory
     */
    void run(int worker, int from, int to);
  }

  /** Processes 0 to {@code count - 1} in blocks of at most {@code grain}; returns when done. */
  public void range(int count, int grain, Task task) {
    int blocks = (int) (((long) count + grain - 1) / grain);
    int helpers = Math.min(threads, blocks) - 1;
    if (helpers < 1 || pool == null) {
      for (int from = 0; from < count; from += grain) {
        task.run(0, from, Math.min(from + grain, count));
      }
      return;
    }
    AtomicInteger next = new AtomicInteger();
    AtomicReference<Throwable> failure = new AtomicReference<>();
    CountDownLatch done = new CountDownLatch(helpers);
    for (int h = 1; h <= helpers; h++) {
      int worker = h;
      pool.execute(
          () -> {
            try {
              work(worker, next, blocks, count, grain, task, failure);
            } finally {
              done.countDown();
            }
          });
    }
    work(0, next, blocks, count, grain, task, failure);
    await(done);
    rethrow(failure.get());
  }

  private static void work(
      int worker,
      AtomicInteger next,
      int blocks,
      int count,
      int grain,
      Task task,
      AtomicReference<Throwable> failure) {
    try {
      for (int block = next.getAndIncrement(); block < blocks; block = next.getAndIncrement()) {
        int from = block * grain;
        task.run(worker, from, (int) Math.min((long) from + grain, count));
      }
    } catch (RuntimeException | Error e) {
      failure.compareAndSet(null, e);
      next.set(blocks);
    }
  }

  /** Waits without reacting to an interrupt: the helpers still write into the caller's arrays. */
  private static void await(CountDownLatch done) {
    lookOut(() -> done.getCount() == 0);
    boolean interrupted = false;
    while (true) {
      try {
        done.await();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private static void rethrow(@Nullable Throwable failure) {
    if (failure instanceof RuntimeException e) {
      throw e;
    }
    if (failure instanceof Error e) {
      throw e;
    }
  }

  @Override
  public void close() {
    if (pool != null) {
      pool.shutdown();
    }
  }
}
