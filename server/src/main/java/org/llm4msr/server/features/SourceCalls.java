package org.llm4msr.server.features;

import com.linecorp.armeria.common.util.Exceptions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.features.FeatureQuery;
import org.llm4msr.api.features.FeatureSource;
import org.llm4msr.api.features.FeatureValues;
import org.llm4msr.runtime.plugins.ContextWrappers;
import org.llm4msr.runtime.plugins.ErrorSource;
import org.llm4msr.runtime.plugins.PluginCall;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Calls a source on threads of its own: a call that does not return is abandoned with its thread.
 */
final class SourceCalls {

  /** The code of an answer that did not come in time. */
  static final String TIMEOUT = "plugin/TIMEOUT";

  private static final Logger LOG = LoggerFactory.getLogger(SourceCalls.class);

  /** So many calls may go on that no request waits for. */
  private static final int ABANDONED = 64;

  private static final long IDLE_SECONDS = 60;

  private final PluginCall plugin;
  private final FeatureSource source;
  private final ThreadPoolExecutor threads;

  /**
   * Calls a source.
   *
   * @param requests that may wait for it at once
   */
  SourceCalls(PluginCall plugin, FeatureSource source, int requests) {
    this.plugin = plugin;
    this.source = ContextWrappers.of(plugin, source);
    AtomicInteger number = new AtomicInteger();
    threads =
        new ThreadPoolExecutor(
            0,
            requests + ABANDONED,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new SynchronousQueue<>(),
            work -> daemon(work, "llm4msr-fetch-" + number.incrementAndGet()));
  }

  private static Thread daemon(Runnable work, String name) {
    Thread thread = new Thread(work, name);
    thread.setDaemon(true);
    return thread;
  }

  /**
   * Asks, and waits for a whole answer.
   *
   * @throws MsrException the source's own; {@code plugin/TIMEOUT}, {@code plugin/FAULT}, {@code
   *     plugin/BAD_ANSWER} and others that name the plugin
   */
  FeatureValues ask(FeatureQuery query, Duration time) {
    CompletableFuture<FeatureValues> answer = new CompletableFuture<>();
    try {
      threads.execute(() -> call(query, answer));
      FeatureValues values = answer.get(time.toNanos(), TimeUnit.NANOSECONDS);
      requireWhole(values, query.items().size());
      return values;
    } catch (TimeoutException e) {
      answer.cancel(true);
      throw late("gave no answer within %d ms".formatted(time.toMillis()), e);
    } catch (RejectedExecutionException e) {
      throw late("has not returned from %d calls of fetch()".formatted(threads.getPoolSize()), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw fault(e);
    } catch (ExecutionException e) {
      throw fault(Exceptions.peel(e));
    }
  }

  private MsrException late(String what, Exception cause) {
    String remedy = "Have fetch() return a stage at once, or raise features.timeoutMillis.";
    return plugin.error("TIMEOUT", "%s. %s".formatted(what, remedy), cause);
  }

  private void call(FeatureQuery query, CompletableFuture<FeatureValues> answer) {
    if (answer.isDone()) {
      return;
    }
    try {
      CompletableFuture<FeatureValues> asked = source.fetch(query).toCompletableFuture();
      CompletableFuture<?> unused =
          asked.whenComplete(
              (values, error) -> {
                if (error == null) {
                  answer.complete(values);
                } else {
                  answer.completeExceptionally(error);
                }
              });
      CompletableFuture<?> unusedToo =
          answer.whenComplete(
              (values, error) -> {
                if (answer.isCancelled()) {
                  asked.cancel(true);
                }
              });
    } catch (Throwable e) { // Of a plugin, such as the errors of static initialisers.
      answer.completeExceptionally(e);
    }
  }

  /** Returns the error of a call, or of reading what it gave, with the plugin's name. */
  MsrException fault(Throwable error) {
    if (error instanceof MsrException known) {
      return known;
    }
    String place =
        ErrorSource.frames(error).stream()
            .findFirst()
            .map(frame -> " in " + ErrorSource.where(frame))
            .orElse("");
    String text = "threw %s%s. Have it answer, or fail with a code and a text that says why.";
    return plugin.error("FAULT", text.formatted(error, place), error);
  }

  /** The types of an answer do not hold where a plugin casts without looking. */
  @SuppressWarnings("NullAway")
  private void requireWhole(@Nullable FeatureValues values, int items) {
    if (values == null || values.user() == null || values.items() == null) {
      throw bad("gave null in place of values");
    }
    List<?> all = values.items();
    if (all.size() != items) {
      throw bad("gave values of %d items, and was asked for %d".formatted(all.size(), items));
    }
    requireColumns(values.user(), "the user");
    for (int place = 0; place < items; place++) {
      String whose = "the item at place " + place;
      if (!(all.get(place) instanceof Map<?, ?> ofItem)) {
        throw bad("gave no map of the values of " + whose);
      }
      requireColumns(ofItem, whose);
    }
  }

  private void requireColumns(Map<?, ?> values, String whose) {
    for (Object column : values.keySet()) {
      if (!(column instanceof String)) {
        throw bad(
            column == null
                ? "gave a value of %s without a column".formatted(whose)
                : "gave a value of %s for the column %s, which is no text"
                    .formatted(whose, column));
      }
    }
  }

  private MsrException bad(String what) {
    String remedy =
        "Have it give a map of values by column for the user and for each item, in the order asked.";
    return plugin.error("BAD_ANSWER", "%s. %s".formatted(what, remedy), null);
  }

  /** Interrupts calls that go on, and closes the source; waits for that no longer than told. */
  void close(Duration time) {
    threads.shutdownNow();
    Thread closing = daemon(this::closeSource, "llm4msr-fetch-close");
    closing.start();
    try {
      closing.join(Math.max(1, time.toMillis()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (closing.isAlive()) {
      LOG.warn("{} has not closed within {} ms, and is left.", plugin.plugin(), time.toMillis());
    }
  }

  private void closeSource() {
    try {
      source.close();
    } catch (Throwable e) { // Of a plugin.
      LOG.warn("{} failed in close().", plugin.plugin(), e);
    }
  }
}
