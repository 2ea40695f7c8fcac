package org.llm4msr.server.ranking;

import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.llm4msr.api.MsrException;
import org.llm4msr.server.refusal.Refusals;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Threads that rank, and a bounded queue before them. What cannot be answered in time is refused
 * when it comes, so that those before it keep their deadlines.
 */
public final class Admission implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Admission.class);
  private static final long SECONDS_TO_END = 10;

  /** The weight of a new time in the mean of the last ones. */
  private static final double NEW = 1 / 16.0;

  /** Requests differ in size, and answers have a way to go. */
  private static final double MARGIN = 2;

  private final ThreadPoolExecutor threads;
  private final LongSupplier ticker;
  private final AtomicInteger running = new AtomicInteger();
  private volatile double meanNanos;
  private volatile boolean open;
  private volatile boolean closed;

  /**
   * Takes no requests before {@link #begin}.
   *
   * @param queue how many requests may wait
   * @param ticker the time in nanoseconds, as {@link System#nanoTime}
   */
  public Admission(int threads, int queue, LongSupplier ticker) {
    this.ticker = ticker;
    AtomicInteger number = new AtomicInteger();
    this.threads =
        new ThreadPoolExecutor(
            threads,
            threads,
            0,
            TimeUnit.SECONDS,
            queue == 0 ? new SynchronousQueue<>() : new ArrayBlockingQueue<>(queue),
            work -> {
              Thread thread = new Thread(work, "llm4msr-rank-" + number.incrementAndGet());
              thread.setDaemon(true);
              return thread;
            });
  }

  /** Returns how many requests wait. */
  public int waiting() {
    return threads.getQueue().size();
  }

  /** Returns how many requests are ranked now. */
  public int running() {
    return running.get();
  }

  /**
   * Refuses a request that could not be answered by its deadline, as far as that can be known.
   *
   * @param deadline in nanoseconds of the ticker
   * @throws MsrException {@code serve/BUSY}, {@code serve/NOT_READY}
   */
  public void require(long deadline) {
    if (!open) {
      throw Refusals.notReady();
    }
    int waiting = waiting();
    if (waiting > 0 && threads.getQueue().remainingCapacity() == 0) {
      throw Refusals.busy(waiting);
    }
    double needed = (waiting / (double) threads.getCorePoolSize() + 1) * meanNanos;
    if (waiting > 0 && ticker.getAsLong() + (long) (MARGIN * needed) - deadline > 0) {
      throw Refusals.wouldBeLate(waiting);
    }
  }

  /**
   * Does work on one of the threads.
   *
   * @param deadline in nanoseconds of the ticker; work that begins later is not done
   * @return the result; fails with {@code rank/DEADLINE} where the deadline passed before, and with
   *     {@code serve/NOT_READY} where it waits still at {@link #close}
   * @throws MsrException as {@link #require}
   */
  public <T> CompletableFuture<T> submit(long deadline, Supplier<T> work) {
    require(deadline);
    CompletableFuture<T> result = new CompletableFuture<>();
    try {
      threads.execute(() -> run(deadline, work, result));
    } catch (RejectedExecutionException e) {
      throw open ? Refusals.busy(waiting()) : Refusals.notReady();
    }
    return result;
  }

  private <T> void run(long deadline, Supplier<T> work, CompletableFuture<T> result) {
    if (closed) {
      result.completeExceptionally(Refusals.notReady());
      return;
    }
    long begin = ticker.getAsLong();
    if (begin - deadline > 0) {
      result.completeExceptionally(
          Refusals.tooLate(
              "The deadline passed while the request waited. Allow more time, or add servers."));
      return;
    }
    running.incrementAndGet();
    try {
      result.complete(work.get());
    } catch (RuntimeException | Error e) {
      result.completeExceptionally(e);
    } finally {
      running.decrementAndGet();
      took(ticker.getAsLong() - begin);
    }
  }

  private synchronized void took(long nanos) {
    meanNanos += NEW * (nanos - meanNanos);
  }

  /** Starts the threads, and takes requests from now on. */
  public void begin() {
    threads.prestartAllCoreThreads();
    open = true;
  }

  /** Takes no more requests; those that were taken are ranked. */
  public void end() {
    open = false;
  }

  /** Refuses what waits still, and ends the threads when they are done; waits for that a while. */
  @Override
  public void close() {
    end();
    closed = true;
    threads.shutdown();
    try {
      if (!threads.awaitTermination(SECONDS_TO_END, TimeUnit.SECONDS)) {
        LOG.warn("{} requests are ranked still, although the server ends.", running());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
