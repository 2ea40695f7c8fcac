package org.llm4msr.server.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.LongSupplier;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.model.Level;
import org.llm4msr.server.features.FeatureObserver;
import org.llm4msr.server.features.FeatureOutcome;
import org.llm4msr.server.http.Connections;
import org.llm4msr.server.http.RefusalObserver;
import org.llm4msr.server.knowledge.FreshKnowledge;
import org.llm4msr.server.log.RequestLog;
import org.llm4msr.server.models.ModelObserver;
import org.llm4msr.server.models.Rejected;
import org.llm4msr.server.models.ServedModel;
import org.llm4msr.server.ranking.Admission;
import org.llm4msr.server.ranking.RankAnswer;
import org.llm4msr.server.ranking.RankObserver;
import org.llm4msr.server.ranking.ShadowObserver;
import org.llm4msr.serving.ranker.ItemStatus;
import org.llm4msr.serving.ranker.RankResult;

/** What the server counts, for Prometheus. */
public final class ServerMetrics
    implements RankObserver,
        RefusalObserver,
        ShadowObserver,
        ModelObserver,
        FeatureObserver,
        AutoCloseable {

  private static final String MODEL = "model";
  private static final String SCENARIO = "scenario";
  private static final Duration[] BUCKETS = {
    Duration.ofMillis(1),
    Duration.ofMillis(2),
    Duration.ofMillis(3),
    Duration.ofMillis(5),
    Duration.ofMillis(7),
    Duration.ofMillis(10),
    Duration.ofMillis(15),
    Duration.ofMillis(25),
    Duration.ofMillis(50),
    Duration.ofMillis(100),
    Duration.ofMillis(250),
    Duration.ofMillis(500),
    Duration.ofSeconds(1),
    Duration.ofSeconds(5)
  };

  /**
   * Counts nothing but the process.
   *
   * @param ticker the time in nanoseconds, as {@link System#nanoTime}
   */
  public ServerMetrics(LongSupplier ticker) {
    this.ticker = ticker;
    collections = new JvmGcMetrics();
    collections.bindTo(registry);
    List.of(
            new JvmMemoryMetrics(),
            new JvmThreadMetrics(),
            new ProcessorMetrics(),
            new FileDescriptorMetrics(),
            new UptimeMetrics(),
            new ResidentSize())
        .forEach(meters -> meters.bindTo(registry));
  }

  private record Series(String model, String scenario) {}

  private record Refusal(String protocol, String code) {}

  private final LongSupplier ticker;
  private final JvmGcMetrics collections;
  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final ConcurrentMap<String, ModelMeters> models = new ConcurrentHashMap<>();
  private final ConcurrentMap<String, ShadowMeters> shadows = new ConcurrentHashMap<>();
  private final ConcurrentMap<Series, ScenarioMeters> scenarios = new ConcurrentHashMap<>();
  private final ConcurrentMap<String, IgnoredColumns> ignored = new ConcurrentHashMap<>();
  private final ConcurrentMap<String, FarVectors> far = new ConcurrentHashMap<>();
  private final ConcurrentMap<String, FeatureMeters> sources = new ConcurrentHashMap<>();
  private final ConcurrentMap<Refusal, Counter> refusals = new ConcurrentHashMap<>();

  /** Counts what waits. */
  public void observe(Admission admission) {
    Gauge.builder("llm4msr.queue.requests", admission, Admission::waiting)
        .description("Requests that wait for a thread")
        .register(registry);
    Gauge.builder("llm4msr.running.requests", admission, Admission::running)
        .description("Requests that are ranked now")
        .register(registry);
  }

  /** Counts connections. */
  public void observe(Connections connections) {
    Gauge.builder("llm4msr.connections", connections, Connections::open)
        .description("Connections that are open")
        .register(registry);
  }

  @Override
  public void served(ServedModel model, @Nullable ServedModel before) {
    ModelMeters old = models.remove(model.name());
    if (old != null) {
      old.remove();
    }
    models.put(model.name(), new ModelMeters(model, registry));
    reloads(model.name(), "served").increment();
  }

  @Override
  public void rejected(String model, Rejected version) {
    reloads(model, "rejected").increment();
  }

  private Counter reloads(String model, String outcome) {
    return Counter.builder("llm4msr.loaded.versions")
        .description("Versions that were loaded, and are served or were rejected")
        .tag(MODEL, model)
        .tag("outcome", outcome)
        .register(registry);
  }

  @Override
  public void ranked(String shadow, RankAnswer answer, RankResult own, Duration took) {
    shadow(shadow).ranked(answer.result(), own, took);
  }

  @Override
  public void dropped(String shadow) {
    shadow(shadow).dropped();
  }

  @Override
  public void failed(String shadow) {
    shadow(shadow).failed();
  }

  private ShadowMeters shadow(String model) {
    return shadows.computeIfAbsent(model, name -> new ShadowMeters(name, registry));
  }

  /** Counts the vectors that the server was given. */
  public void observe(FreshKnowledge knowledge) {
    for (Level level : List.of(Level.USER, Level.ITEM)) {
      Gauge.builder("llm4msr.fresh.vectors", knowledge, given -> given.count(level))
          .description("Vectors that the server was given")
          .tag("level", level.name().toLowerCase(Locale.ROOT))
          .register(registry);
    }
    Gauge.builder("llm4msr.fresh.vectors.bytes", knowledge, FreshKnowledge::bytes)
        .description("Bytes that they take on the heap")
        .register(registry);
  }

  /** Counts what is logged. */
  public void observe(RequestLog log) {
    logged("written", log, RequestLog::written);
    logged("dropped", log, RequestLog::dropped);
    logged("failed", log, RequestLog::failed);
  }

  private void logged(String outcome, RequestLog log, ToDoubleFunction<RequestLog> number) {
    FunctionCounter.builder("llm4msr.logged.requests", log, number)
        .description(
            "Requests for the log: written in complete parts, dropped since its queue was full, or failed")
        .tag("outcome", outcome)
        .register(registry);
  }

  @Override
  public void ranked(RankAnswer answer, long begin) {
    scenarios
        .computeIfAbsent(
            new Series(answer.model(), answer.call().request().scenario()), this::meters)
        .ranked(answer.result(), Duration.ofNanos(ticker.getAsLong() - begin));
    far.computeIfAbsent(answer.model(), name -> new FarVectors(name, registry)).count(answer);
    ignored
        .computeIfAbsent(answer.model(), name -> new IgnoredColumns(name, registry))
        .count(answer);
  }

  @Override
  public void refused(String protocol, String code) {
    refusals
        .computeIfAbsent(
            new Refusal(protocol, code),
            refusal ->
                Counter.builder("llm4msr.refused.requests")
                    .description("Requests that were refused, by the code of the error")
                    .tag("protocol", refusal.protocol())
                    .tag("reason", refusal.code())
                    .register(registry))
        .increment();
  }

  @Override
  public void fetched(String source, FeatureOutcome outcome, long nanos) {
    sources
        .computeIfAbsent(source, name -> new FeatureMeters(name, registry))
        .fetched(outcome, nanos);
  }

  @Override
  public void merged(String source, int read, int unreadable) {
    sources
        .computeIfAbsent(source, name -> new FeatureMeters(name, registry))
        .merged(read, unreadable);
  }

  @Override
  public void close() {
    collections.close();
    registry.close();
  }

  /** Returns all, as Prometheus reads it. */
  public String scrape() {
    return registry.scrape();
  }

  private ScenarioMeters meters(Series series) {
    return new ScenarioMeters(
        Timer.builder("llm4msr.rank")
            .description("Time from the arrival of a request to its answer")
            .tag(MODEL, series.model())
            .tag(SCENARIO, series.scenario())
            .serviceLevelObjectives(BUCKETS)
            .register(registry),
        DistributionSummary.builder("llm4msr.probability")
            .description("Probabilities of items")
            .tag(MODEL, series.model())
            .tag(SCENARIO, series.scenario())
            .register(registry),
        counters(series));
  }

  private Map<ItemStatus, Counter> counters(Series series) {
    Map<ItemStatus, Counter> counters = new EnumMap<>(ItemStatus.class);
    for (ItemStatus status : ItemStatus.values()) {
      counters.put(
          status,
          Counter.builder("llm4msr.items")
              .description("Items by what became of them")
              .tag(MODEL, series.model())
              .tag(SCENARIO, series.scenario())
              .tag("status", status.name().toLowerCase(Locale.ROOT))
              .register(registry));
    }
    return counters;
  }

  /** What is counted of one scenario of a model. */
  private record ScenarioMeters(
      Timer time, DistributionSummary probability, Map<ItemStatus, Counter> items) {

    void ranked(RankResult result, Duration took) {
      time.record(took);
      items.forEach((status, counter) -> counter.increment(result.count(status)));
      for (int place = 0; place < result.size(); place++) {
        if (result.status(place) != ItemStatus.MALFORMED) {
          probability.record(result.probability(place));
        }
      }
    }
  }
}
