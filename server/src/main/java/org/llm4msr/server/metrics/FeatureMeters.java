package org.llm4msr.server.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import org.llm4msr.server.features.FeatureOutcome;

/** What is counted of a feature source. */
final class FeatureMeters {

  private static final String SOURCE = "source";
  private static final Duration[] BUCKETS = {
    Duration.ofNanos(250_000),
    Duration.ofNanos(500_000),
    Duration.ofMillis(1),
    Duration.ofMillis(2),
    Duration.ofMillis(5),
    Duration.ofMillis(10),
    Duration.ofMillis(50)
  };

  private final Map<FeatureOutcome, Counter> outcomes = new EnumMap<>(FeatureOutcome.class);
  private final Timer time;
  private final Counter read;
  private final Counter unreadable;

  /** Begins to count. */
  FeatureMeters(String source, MeterRegistry registry) {
    for (FeatureOutcome outcome : FeatureOutcome.values()) {
      outcomes.put(
          outcome,
          Counter.builder("llm4msr.feature.requests")
              .description("Requests for which values were fetched, by what became of that")
              .tag(SOURCE, source)
              .tag("outcome", outcome.name().toLowerCase(Locale.ROOT))
              .register(registry));
    }
    time =
        Timer.builder("llm4msr.feature")
            .description("Time that requests waited for values, where the source was asked")
            .tag(SOURCE, source)
            .serviceLevelObjectives(BUCKETS)
            .register(registry);
    read = rows(source, "read", registry);
    unreadable = rows(source, "unreadable", registry);
  }

  private static Counter rows(String source, String outcome, MeterRegistry registry) {
    return Counter.builder("llm4msr.feature.rows")
        .description("Users and items with values, and those with some that cannot be read")
        .tag(SOURCE, source)
        .tag("outcome", outcome)
        .register(registry);
  }

  void fetched(FeatureOutcome outcome, long nanos) {
    Counter counter = outcomes.get(outcome);
    if (counter != null) {
      counter.increment();
    }
    if (outcome != FeatureOutcome.OPEN) {
      time.record(Duration.ofNanos(nanos));
    }
  }

  void merged(int withValues, int withoutSense) {
    read.increment(withValues);
    unreadable.increment(withoutSense);
  }
}
