package org.llm4msr.runtime.tables;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.engine.TensorEngine;

/**
 * A few threads that divide ranges among them. Which thread takes which block is left to chance, so
 * a task must write only what belongs to its block; then the result does not depend on the thread
 * count. For them {@link TensorEngine#denormalsAreZero} is as for the caller. Several callers may
 * share them, if their tasks share nothing: a worker's number is its own within one call.
 */
public final class Workers implements AutoCloseable {

  /** How long a thread looks out for work before it sleeps, in nanoseconds. */
  private static final long PATIENCE = 200_000;

  private final int threads;
  private final @Nullable ExecutorService pool;

  /** What is processed in pauses, in the order in which it was begun. */
  private final Queue<Pending> inPauses = new ConcurrentLinkedQueue<>();

  /** Makes workers; the calling thread is one of them. */
  public Workers(int threads) {
    this.threads = Math.max(1, threads);
    AtomicInteger made = new AtomicInteger();
    this.pool =
        this.threads == 1
            ? null
            : new ThreadPoolExecutor(
                this.threads - 1,
                this.threads - 1,
                0,
                TimeUnit.SECONDS,
                new PatientQueue(),
                task -> new Worker(task, made.incrementAndGet()));
  }

  /** A thread of the pool, and its number, from 1. */
  private static final class Worker extends Thread {

    private final int number;

    Worker(Runnable task, int number) {
      super(task, "llm4msr-worker");
      this.number = number;
      setDaemon(true);
    }

    static int numberOfThis() {
      return ((Worker) Thread.currentThread()).number;
    }
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
  private final class PatientQueue extends LinkedBlockingQueue<Runnable> {

    @Override
    public Runnable take() throws InterruptedException {
      do {
        lookOut(() -> !isEmpty() || !inPauses.isEmpty());
      } while (isEmpty() && processInPause());
      return super.take();
    }
  }

  private boolean processInPause() {
    Pending first = inPauses.peek();
    if (first != null && !first.workOnOne(Worker.numberOfThis())) {
      inPauses.remove(first);
    }
    return first != null;
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
    Pending pending = new Pending(count, grain, task);
    pending.askHelpers(pending.blocks - 1);
    pending.finish();
  }

  /**
   * Begins to process a range as {@link #range} does, by the other threads alone, which take it
   * before ranges that come later. What the tasks read must stay as it is until {@link
   * Pending#finish}, which must be called.
   */
  public Pending begin(int count, int grain, Task task) {
    Pending pending = new Pending(count, grain, task);
    pending.askHelpers(pending.blocks);
    return pending;
  }

  /**
   * Begins to process a range as {@link #begin} does, but only block by block while there is
   * nothing else to do, so that ranges that come later do not wait for it.
   */
  public Pending beginInPauses(int count, int grain, Task task) {
    Pending pending = new Pending(count, grain, task);
    if (pool != null) {
      inPauses.add(pending);
      for (int worker = 1; worker < threads; worker++) {
        pool.execute(() -> {}); // It wakes a thread that sleeps.
      }
    }
    return pending;
  }

  /** A range that was begun; belongs to the thread that began it. */
  public final class Pending {

    private final int count;
    private final int grain;
    private final Task task;
    private final boolean denormalsAreZero = TensorEngine.denormalsAreZero();
    private final int blocks;
    private final AtomicInteger next = new AtomicInteger();
    private final AtomicReference<Throwable> failure = new AtomicReference<>();
    private final CountDownLatch done;

    private Pending(int count, int grain, Task task) {
      this.count = count;
      this.grain = grain;
      this.task = task;
      blocks = (int) (((long) count + grain - 1) / grain);
      done = new CountDownLatch(blocks);
    }

    private void askHelpers(int most) {
      if (pool != null) {
        for (int helper = 1; helper <= Math.min(threads - 1, most); helper++) {
          pool.execute(() -> work(Worker.numberOfThis()));
        }
      }
    }

    /** Processes what is left, and returns when all is done; throws what a task threw. */
    public void finish() {
      if (inPauses.remove(this)) {
        askHelpers(blocks - next.get() - 1);
      }
      work(0);
      await(done);
      rethrow(failure.get());
    }

    private void work(int worker) {
      boolean more = true;
      while (more) {
        more = workOnOne(worker);
      }
    }

    /** Processes a block; returns whether there was one. */
    private boolean workOnOne(int worker) {
      int block = next.getAndIncrement();
      if (block >= blocks) {
        return false;
      }
      try {
        TensorEngine.setDenormalsAreZero(denormalsAreZero);
        int from = block * grain;
        task.run(worker, from, (int) Math.min((long) from + grain, count));
      } catch (RuntimeException | Error e) {
        failure.compareAndSet(null, e);
        for (int left = next.getAndSet(blocks); left < blocks; left++) {
          done.countDown();
        }
      } finally {
        done.countDown();
      }
      return true;
    }
  }

  /** Waits without reacting to an interrupt: the helper still writes into the caller's arrays. */
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
