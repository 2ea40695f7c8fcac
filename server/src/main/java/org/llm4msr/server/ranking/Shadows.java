package org.llm4msr.server.ranking;

import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.llm4msr.server.models.LowPriority;
import org.llm4msr.server.models.Models;
import org.llm4msr.server.models.ServedModel;
import org.llm4msr.serving.ranker.RankRequest;
import org.llm4msr.serving.ranker.RankResult;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Models that rank a share of the requests to others, on one thread of low priority, so that they
 * can be compared before anybody sees what they say.
 */
public final class Shadows implements RankObserver, AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Shadows.class);
  private static final int WAITING = 64;

  private final Models models;
  private final ShadowObserver observer;
  private final LongSupplier ticker;
  private final ThreadPoolExecutor thread =
      new ThreadPoolExecutor(
          1,
          1,
          0,
          TimeUnit.SECONDS,
          new ArrayBlockingQueue<>(WAITING),
          work -> LowPriority.thread(work, "llm4msr-shadow"));

  /**
   * Has those of some models rank that are shadows.
   *
   * @param ticker the time in nanoseconds, as {@link System#nanoTime}
   */
  public Shadows(Models models, ShadowObserver observer, LongSupplier ticker) {
    this.ticker = ticker;
    this.models = models;
    this.observer = observer;
  }

  @Override
  public void ranked(RankAnswer answer, long begin) {
    for (ServedModel model : models.all()) {
      double share = model.entry().shadow();
      if (share > 0
          && !model.name().equals(answer.model())
          && ThreadLocalRandom.current().nextDouble() < share) {
        add(model.name(), answer);
      }
    }
  }

  private void add(String shadow, RankAnswer answer) {
    try {
      thread.execute(() -> rank(shadow, answer));
    } catch (RejectedExecutionException e) {
      observer.dropped(shadow);
    }
  }

  private void rank(String shadow, RankAnswer answer) {
    RankRequest asked = answer.call().request();
    RankRequest request =
        new RankRequest(asked.user(), asked.scenario(), asked.context(), asked.items(), null);
    long begin = ticker.getAsLong();
    try {
      RankResult own = models.choose(shadow, null).ranker().rank(request);
      observer.ranked(shadow, answer, own, Duration.ofNanos(ticker.getAsLong() - begin));
    } catch (RuntimeException e) { // Nobody waits for it.
      LOG.debug("The shadow {} could not rank a request", shadow, e);
      observer.failed(shadow);
    }
  }

  /** Ranks no more. */
  @Override
  public void close() {
    thread.shutdownNow();
    try {
      if (!thread.awaitTermination(1, TimeUnit.MINUTES)) {
        LOG.warn("A shadow ranks still, although the server ends.");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
