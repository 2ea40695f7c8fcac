package org.llm4msr.server.features;

import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.features.FeatureContext;
import org.llm4msr.api.features.FeatureQuery;
import org.llm4msr.api.features.FeatureSource;
import org.llm4msr.api.features.FeatureSourceFactory;
import org.llm4msr.runtime.config.PluginChoice;
import org.llm4msr.server.config.FeaturesConfig;
import org.llm4msr.server.ranking.FeatureFetch;
import org.llm4msr.server.ranking.Origins;
import org.llm4msr.server.ranking.RankCall;
import org.llm4msr.server.ranking.SourceReport;
import org.llm4msr.serving.ranker.RankItem;
import org.llm4msr.serving.ranker.RankRequest;
import org.llm4msr.serving.ranker.RankingModel;

/**
 * Fetches values for requests, and gives up early: after a time limit, and without asking where
 * most of the last requests failed. A request is ranked in any case.
 */
public final class Features implements FeatureFetch, AutoCloseable {

  /** Half of so many last requests have to fail before the source is left alone. */
  private static final int LAST = 50;

  private static final int FEWEST = 10;

  /** Each question while it warms up. */
  private static final Duration WARM_UP = Duration.ofSeconds(1);

  private static final int WARM_UP_REQUESTS = 20;
  private static final long NANOS_TO_TRY_AGAIN = 50_000_000;

  /** So many requests try whether it is back. */
  private static final int TRIALS = 3;

  private final String name;
  private final SourceCalls calls;
  private final FeaturesConfig config;
  private final Duration timeToClose;
  private final CircuitBreaker breaker;
  private final OutageLog log;
  private final FeatureObserver observer;
  private final LongSupplier ticker;

  private Features(
      String name,
      SourceCalls calls,
      FeaturesConfig config,
      Duration timeToClose,
      FeatureObserver observer,
      LongSupplier ticker) {
    this.name = name;
    this.calls = calls;
    this.config = config;
    this.timeToClose = timeToClose;
    this.observer = observer;
    this.ticker = ticker;
    log = new OutageLog(name, config.pauseMillis(), ticker);
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
            event -> {
              if (event.getStateTransition().getToState() == CircuitBreaker.State.OPEN) {
                log.paused();
              }
            });
  }

  /**
   * Makes what the configuration names; nothing is fetched where it names no source.
   *
   * @param requests that are ranked at once
   * @param timeToClose how long {@link #close} waits for the source
   * @param ticker the time in nanoseconds, as {@link System#nanoTime}
   * @throws org.llm4msr.api.MsrException of the plugin
   */
  public static @Nullable Features open(
      FeaturesConfig config,
      int requests,
      Duration timeToClose,
      FeatureObserver observer,
      LongSupplier ticker) {
    PluginChoice<FeatureSourceFactory<Record>, Record> choice = config.source();
    if (choice == null) {
      return null;
    }
    FeatureContext context = new Context(Path.of("").toAbsolutePath(), config.timeout());
    FeatureSource made = choice.create(FeatureSourceFactory::create, context);
    SourceCalls calls = new SourceCalls(choice.calls(), made, requests);
    return new Features(choice.name(), calls, config, timeToClose, observer, ticker);
  }

  private record Context(Path base, Duration timeout) implements FeatureContext {}

  @Override
  public RankCall merged(RankCall call, RankingModel ranker) {
    FeatureMerge merge = new FeatureMerge(ranker.valueCheck());
    long begin = ticker.getAsLong();
    if (!breaker.tryAcquirePermission()) {
      observer.fetched(name, FeatureOutcome.OPEN, ticker.getAsLong() - begin);
      return call.with(call.request(), Origins.none(paused()));
    }
    RankCall merged;
    try {
      merged = merged(call, merge, nanosToWait(call.request(), begin));
    } catch (MsrException e) {
      FeatureOutcome outcome =
          e.code().equals(SourceCalls.TIMEOUT) ? FeatureOutcome.TIMEOUT : FeatureOutcome.ERROR;
      long nanos = ticker.getAsLong() - begin;
      log.failed(e);
      breaker.onError(nanos, TimeUnit.NANOSECONDS, e);
      observer.fetched(name, outcome, nanos);
      SourceReport report = new SourceReport(outcome.name(), e.code(), e.text());
      return call.with(call.request(), Origins.none(report));
    }
    long nanos = ticker.getAsLong() - begin;
    log.answered();
    breaker.onSuccess(nanos, TimeUnit.NANOSECONDS);
    observer.fetched(name, FeatureOutcome.OK, nanos);
    merge.left().forEach(log::unreadable);
    observer.merged(name, merge.read(), merge.unreadable());
    return merged;
  }

  /** Asks and merges; whatever is thrown by what the source gave is a fault of it. */
  private RankCall merged(RankCall call, FeatureMerge merge, long nanos) {
    try {
      return merge.merge(call, calls.ask(query(call.request()), Duration.ofNanos(nanos)));
    } catch (RuntimeException | LinkageError | StackOverflowError e) {
      throw calls.fault(e);
    }
  }

  private SourceReport paused() {
    MsrException reason = log.last();
    String text =
        "The source is not asked for %d ms after most requests to it failed."
            .formatted(config.pauseMillis());
    return new SourceReport(
        FeatureOutcome.OPEN.name(),
        reason == null ? null : reason.code(),
        reason == null ? text : text + " The last one: " + reason.text());
  }

  /**
   * Asks for drawn requests of a model for a while: code that was never run is too slow for the
   * limit, and would have the source left alone. Nothing is counted.
   */
  public void warmUp(RankingModel ranker, Duration time) {
    long end = ticker.getAsLong() + time.toNanos();
    List<RankRequest> drawn = ranker.drawn(WARM_UP_REQUESTS);
    MsrException failure = null;
    for (int number = 0; ticker.getAsLong() - end < 0; number++) {
      RankCall call = new RankCall("", "", 0, drawn.get(number % WARM_UP_REQUESTS));
      try {
        RankCall unused = merged(call, new FeatureMerge(ranker.valueCheck()), WARM_UP.toNanos());
        failure = null;
      } catch (MsrException e) {
        failure = e;
        LockSupport.parkNanos(NANOS_TO_TRY_AGAIN);
      }
    }
    if (failure != null) {
      log.failed(failure);
    }
  }

  /** A request whose deadline is near waits no longer than that. */
  private long nanosToWait(RankRequest request, long begin) {
    Long deadline = request.deadline();
    long timeout = config.timeout().toNanos();
    return deadline == null ? timeout : Math.max(0, Math.min(timeout, deadline - begin));
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
    calls.close(timeToClose);
  }
}
