package org.llm4msr.runtime.engine;

import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;

/** A thread that does one piece of work at a time; the first one starts it. */
final class EngineThread implements AutoCloseable {

  private final ExecutorService executor;
  private volatile @Nullable Thread thread;

  /** What the first work threw; belongs to the thread. */
  private @Nullable Throwable failure;

  EngineThread() {
    this(() -> {});
  }

  /**
   * Makes a thread.
   *
   * @param first what it does when it starts; what that throws, all work after it throws
   */
  EngineThread(Runnable first) {
    executor =
        Executors.newSingleThreadExecutor(
            task -> {
              Runnable work =
                  () -> {
                    begin(first);
                    task.run();
                  };
              Thread created = new Thread(work, "llm4msr-engine");
              created.setDaemon(true);
              thread = created;
              return created;
            });
  }

  /** A thread that ended here would let callers wait for ever. */
  private void begin(Runnable first) {
    try {
      first.run();
    } catch (RuntimeException | Error e) {
      failure = e;
    }
  }

  /**
   * Runs work on the thread and waits for its end, since callers close what it uses. Where the
   * caller is interrupted before the work begins, it never does.
   *
   * @param stop called where the caller is interrupted later; may ask the work to end early
   * @throws MsrException {@code engine/INTERRUPTED} where the work did not begin
   */
  <T> T call(Callable<T> work, Runnable stop) {
    if (Thread.currentThread() != thread && Thread.currentThread().isInterrupted()) {
      throw interrupted(null);
    }
    AtomicBoolean decided = new AtomicBoolean();
    return await(
        () -> {
          if (decided.compareAndSet(false, true)) {
            return work.call();
          }
          throw new CancellationException("its caller was interrupted");
        },
        interrupt -> {
          if (decided.compareAndSet(false, true)) {
            throw interrupted(interrupt);
          }
          stop.run();
        });
  }

  /** Runs work to its end, interrupted or not: what it makes has an owner then, or is released. */
  <T> T finish(Callable<T> work) {
    return await(work, interrupt -> {});
  }

  private <T> T await(Callable<T> work, Consumer<InterruptedException> onInterrupt) {
    if (Thread.currentThread() == thread) {
      try {
        return work.call();
      } catch (Exception e) {
        throw unchecked(e);
      }
    }
    Future<T> future =
        executor.submit(
            () -> {
              if (failure != null) {
                throw unchecked(failure);
              }
              return work.call();
            });
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return future.get();
        } catch (InterruptedException e) {
          interrupted = true;
          onInterrupt.accept(e);
        } catch (ExecutionException e) {
          throw unchecked(e.getCause());
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Returns the error of work that did not begin. */
  static MsrException interrupted(@Nullable InterruptedException cause) {
    return new MsrException(
        ErrorType.USER, "engine/INTERRUPTED", "The work was interrupted. Run it again.", cause);
  }

  private static RuntimeException unchecked(@Nullable Throwable cause) {
    if (cause instanceof Error e) {
      throw e;
    }
    return cause instanceof RuntimeException e ? e : new IllegalStateException(cause);
  }

  @Override
  public void close() {
    executor.shutdown();
  }
}
