package org.llm4msr.server.features;

import com.linecorp.armeria.common.util.Exceptions;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.features.FeatureContext;
import org.llm4msr.api.features.FeatureQuery;
import org.llm4msr.api.features.FeatureSource;
import org.llm4msr.api.features.FeatureSourceFactory;
import org.llm4msr.api.features.FeatureValues;
import org.llm4msr.runtime.config.PluginChoice;
import org.llm4msr.runtime.plugins.ContextWrappers;
import org.llm4msr.server.config.FeaturesConfig;
import org.llm4msr.server.ranking.FeatureFetch;
import org.llm4msr.server.ranking.RankCall;
import org.llm4msr.serving.ranker.RankItem;
import org.llm4msr.serving.ranker.RankRequest;
import org.llm4msr.serving.ranker.RankingModel;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Fetches values for requests, and gives up early: after a time limit, and without asking where
 * most of the last requests failed. A request is ranked in any case.
 */
public final class Features implements FeatureFetch, AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Features.class);

  /** Half of so many last requests have to fail before the source is left alone. */
  private static final int LAST = 50;

  private static final int FEWEST = 10;

  /** Each question while it warms up. */
  private static final long WARM_UP_MILLIS = 1000;

  private static final int WARM_UP_REQUESTS = 20;
  private static final long NANOS_TO_TRY_AGAIN = 50_000_000;

  /** So many requests try whether it is back. */
  private static final int TRIALS = 3;

  private final String name;
  private final FeatureSource source;
  private final Duration timeout;
  private final CircuitBreaker breaker;
  private final FeatureObserver observer;
  private final LongSupplier ticker;

  private Features(
      String name,
      FeatureSource source,
      FeaturesConfig config,
      FeatureObserver observer,
      LongSupplier ticker) {
    this.ticker = ticker;
    this.name = name;
    this.source = source;
    this.observer = observer;
    timeout = config.timeout();
    breaker =
        CircuitBreaker.of(
            name,
            CircuitBreakerConfig.custom()
                .slidingWindowSize(LAST)
                .minimumNumberOfCalls(FEWEST)
                .clock(new TickerClock(ticker))
                .waitDurationInOpenState(config.pause())
                .permittedNumberOfCallsInHalfOpenState(TRIALS)
                .build());
    breaker
        .getEventPublisher()
        .onStateTransition(
            event ->
                LOG.info(
                    "The feature source {} is now {}.",
                    name,
                    event.getStateTransition().getToState()));
  }

  /**
   * Makes what the configuration names; nothing is fetched where it names no source.
   *
   * @param ticker the time in nanoseconds, as {@link System#nanoTime}
   * @throws org.llm4msr.api.MsrException of the plugin
   */
  public static @Nullable Features open(
      FeaturesConfig config, FeatureObserver observer, LongSupplier ticker) {
    PluginChoice<FeatureSourceFactory<Record>, Record> choice = config.source();
    if (choice == null) {
      return null;
    }
    FeatureContext context = new Context(Path.of("").toAbsolutePath(), config.timeout());
    FeatureSource made = choice.create(FeatureSourceFactory::create, context);
    return new Features(
        choice.name(), ContextWrappers.of(choice.calls(), made), config, observer, ticker);
  }

  private record Context(Path base, Duration timeout) implements FeatureContext {}

  @Override
  public RankCall merged(RankCall call, RankingModel ranker) {
    FeatureValues values = fetch(call.request());
    if (values == null) {
      return call;
    }
    FeatureMerge merge = new FeatureMerge(ranker.valueCheck());
    RankCall merged = merge.merge(call, values);
    observer.merged(name, merge.read(), merge.unreadable());
    return merged;
  }

  /**
   * Asks for drawn requests of a model for a while: code that was never run is too slow for the
   * limit, and would have the source left alone. Nothing is counted.
   */
  public void warmUp(RankingModel ranker, Duration time) {
    long end = ticker.getAsLong() + time.toNanos();
    List<RankRequest> drawn = ranker.drawn(WARM_UP_REQUESTS);
    Throwable failure = null;
    for (int number = 0; ticker.getAsLong() - end < 0; number++) {
      failure = failure(ranker, drawn.get(number % WARM_UP_REQUESTS));
      if (failure != null) {
        LockSupport.parkNanos(NANOS_TO_TRY_AGAIN);
      }
    }
    if (failure != null) {
      LOG.warn(
          "The feature source {} does not answer: {}",
          name,
          failure instanceof MsrException known ? known.getMessage() : failure.toString());
    }
  }

  private @Nullable Throwable failure(RankingModel ranker, RankRequest request) {
    try {
      FeatureValues values =
          source
              .fetch(query(request))
              .toCompletableFuture()
              .get(WARM_UP_MILLIS, TimeUnit.MILLISECONDS);
      RankCall unused =
          new FeatureMerge(ranker.valueCheck()).merge(new RankCall("", "", 0, request), values);
      return null;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return e;
    } catch (ExecutionException | TimeoutException | RuntimeException e) {
      return Exceptions.peel(e);
    }
  }

  private @Nullable FeatureValues fetch(RankRequest request) {
    long begin = ticker.getAsLong();
    if (!breaker.tryAcquirePermission()) {
      observer.fetched(name, FeatureOutcome.OPEN, ticker.getAsLong() - begin);
      return null;
    }
    CompletableFuture<FeatureValues> answer = null;
    FeatureOutcome outcome;
    FeatureValues values = null;
    try {
      answer = source.fetch(query(request)).toCompletableFuture();
      values = answer.get(nanosToWait(request, begin), TimeUnit.NANOSECONDS);
      outcome = FeatureOutcome.OK;
      if (!isWhole(values, request.items().size())) {
        LOG.debug("The feature source {} gave no answer for each item", name);
        outcome = FeatureOutcome.ERROR;
        values = null;
      }
    } catch (TimeoutException e) {
      answer.cancel(true);
      outcome = FeatureOutcome.TIMEOUT;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      outcome = FeatureOutcome.ERROR;
    } catch (ExecutionException | RuntimeException e) {
      LOG.debug("The feature source {} failed", name, e);
      outcome = FeatureOutcome.ERROR;
    }
    note(outcome, ticker.getAsLong() - begin);
    return values;
  }

  @SuppressWarnings("NullAway") // A plugin may break its contract.
  private static boolean isWhole(FeatureValues values, int items) {
    return values != null
        && values.user() != null
        && values.items().size() == items
        && values.items().stream().noneMatch(Objects::isNull);
  }

  private void note(FeatureOutcome outcome, long nanos) {
    if (outcome == FeatureOutcome.OK) {
      breaker.onSuccess(nanos, TimeUnit.NANOSECONDS);
    } else {
      breaker.onError(nanos, TimeUnit.NANOSECONDS, new IllegalStateException(outcome.name()));
    }
    observer.fetched(name, outcome, nanos);
  }

  /** A request whose deadline is near waits no longer than that. */
  private long nanosToWait(RankRequest request, long begin) {
    Long deadline = request.deadline();
    return deadline == null
        ? timeout.toNanos()
        : Math.max(0, Math.min(timeout.toNanos(), deadline - begin));
  }

  private static FeatureQuery query(RankRequest request) {
    List<String> items = new ArrayList<>(request.items().size());
    for (RankItem item : request.items()) {
      items.add(String.valueOf(item.id()));
    }
    return new FeatureQuery(
        request.user() == null ? null : request.user().toString(), request.scenario(), items);
  }

  @Override
  public void close() {
    source.close();
  }
}
