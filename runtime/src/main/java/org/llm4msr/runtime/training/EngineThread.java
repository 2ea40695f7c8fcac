package org.llm4msr.runtime.training;

import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;

/** A thread that does one piece of work at a time; the first one starts it. */
final class EngineThread implements AutoCloseable {

  private final ExecutorService executor;
  private volatile @Nullable Thread thread;

  EngineThread() {
    executor =
        Executors.newSingleThreadExecutor(
            task -> {
              Thread created = new Thread(task, "llm4msr-engine");
              created.setDaemon(true);
              thread = created;
              return created;
            });
  }

  /** Runs work on the thread and waits for it. */
  <T> T call(Callable<T> work) {
    if (Thread.currentThread() == thread) {
      try {
        return work.call();
      } catch (Exception e) {
        throw unchecked(e);
      }
    }
    Future<T> future = executor.submit(work);
    try {
      return future.get();
    } catch (ExecutionException e) {
      throw unchecked(e.getCause());
    } catch (InterruptedException e) {
      future.cancel(true);
      Thread.currentThread().interrupt();
      throw new MsrException(
          ErrorType.USER, "engine/INTERRUPTED", "The work was interrupted. Run it again.", e);
    }
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
