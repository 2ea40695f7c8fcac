package org.llm4msr.server.models;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.server.config.ServerConfig;
import org.llm4msr.server.refusal.Refusals;
import org.llm4msr.serving.ranker.RankingModel;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Loads the models of a server, and new versions while it ranks, on one thread of low priority. A
 * model that was replaced is closed when the requests that it had are answered.
 */
public final class Reloading implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Reloading.class);
  private static final double MILLIS = 1000;

  private final Map<String, ModelSlot> slots = new TreeMap<>();
  private final Queue<Replaced> replaced = new ConcurrentLinkedQueue<>();
  private final ScheduledThreadPoolExecutor thread;
  private final long lookMillis;
  private final long closeMillis;
  private final LongSupplier ticker;
  private final Map<ModelSlot, String> faults = new HashMap<>();

  /** A model that is closed at a time of the ticker. */
  private record Replaced(ServedModel model, long end) {}

  /**
   * Loads nothing yet.
   *
   * @param opener opens the model of a bundle by its folder
   * @param models where models are put
   * @param warmUp has a model rank requests before it is served
   * @param ticker the time in nanoseconds, as {@link System#nanoTime}
   */
  public Reloading(
      ServerConfig config,
      Function<Path, RankingModel> opener,
      Models models,
      ModelObserver observer,
      Consumer<RankingModel> warmUp,
      LongSupplier ticker) {
    this.ticker = ticker;
    ModelLoader loader = new ModelLoader(opener, warmUp, config.requireCompiled());
    config
        .models()
        .forEach(
            (name, entry) -> slots.put(name, new ModelSlot(name, entry, loader, models, observer)));
    lookMillis = (long) (config.reloadSeconds() * MILLIS);
    closeMillis = config.limits().timeoutMillis();
    thread = new ScheduledThreadPoolExecutor(1, work -> LowPriority.thread(work, "llm4msr-load"));
    thread.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
  }

  /**
   * Loads a version of each model on the thread that calls.
   *
   * @throws MsrException why one of them cannot be served
   */
  public void begin() {
    slots.values().forEach(ModelSlot::begin);
  }

  /** Looks for new versions from now on. */
  public void watch() {
    if (lookMillis > 0) {
      Future<?> unused =
          thread.scheduleWithFixedDelay(this::poll, lookMillis, lookMillis, TimeUnit.MILLISECONDS);
    }
  }

  /** Looks for new versions once, and closes what is to be closed, on the thread that calls. */
  void poll() {
    closeEnded();
    for (ModelSlot slot : slots.values()) {
      try {
        retire(slot.look());
        faults.remove(slot);
      } catch (RuntimeException e) { // The folder may be there again at the next look.
        String text = String.valueOf(e.getMessage());
        if (!text.equals(faults.put(slot, text))) {
          LOG.error("Versions cannot be looked for: {}", text);
        }
      }
    }
  }

  private void retire(@Nullable ServedModel model) {
    if (model != null) {
      long end = ticker.getAsLong() + TimeUnit.MILLISECONDS.toNanos(closeMillis);
      replaced.add(new Replaced(model, end));
      Future<?> unused = thread.schedule(this::closeEnded, closeMillis, TimeUnit.MILLISECONDS);
    }
  }

  private void closeEnded() {
    for (Replaced first = replaced.peek();
        first != null && ticker.getAsLong() - first.end() >= 0;
        first = replaced.peek()) {
      replaced.remove();
      first.model().ranker().close();
    }
  }

  /**
   * Serves a version by its name, on the thread that loads.
   *
   * @param version null for the newest
   * @return what is known then; fails with {@code serve/NO_MODEL}, {@code serve/NO_VERSION}, or
   *     {@code serve/REJECTED}, and nothing has changed then
   */
  public CompletableFuture<ModelStatus> select(String name, @Nullable String version) {
    ModelSlot slot = slots.get(name);
    if (slot == null) {
      return CompletableFuture.failedFuture(noModel(name));
    }
    return CompletableFuture.supplyAsync(
        () -> {
          retire(slot.select(version));
          return slot.status().orElseThrow();
        },
        thread);
  }

  /** Returns what is known of the models that are loaded, by name. */
  public List<ModelStatus> status() {
    return slots.values().stream().map(ModelSlot::status).flatMap(Optional::stream).toList();
  }

  /**
   * Returns what is known of a model.
   *
   * @throws MsrException {@code serve/NO_MODEL}, or {@code serve/NOT_READY} if it is not loaded yet
   */
  public ModelStatus status(String name) {
    ModelSlot slot = slots.get(name);
    if (slot == null) {
      throw noModel(name);
    }
    return slot.status().orElseThrow(Refusals::notReady);
  }

  private MsrException noModel(String name) {
    return new MsrException(
        ErrorType.USER,
        Refusals.NO_MODEL,
        "There is no model '%s'. Name one of %s.".formatted(name, slots.keySet()));
  }

  /** Waits until a model that is being loaded is, and closes those that were replaced. */
  @Override
  public void close() {
    thread.shutdownNow();
    try {
      if (!thread.awaitTermination(1, TimeUnit.MINUTES)) {
        LOG.warn("A model is loaded still, although the server ends.");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    replaced.forEach(last -> last.model().ranker().close());
  }
}
