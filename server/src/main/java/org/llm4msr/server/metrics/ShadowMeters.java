package org.llm4msr.server.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.llm4msr.serving.ranker.ItemStatus;
import org.llm4msr.serving.ranker.RankResult;

/** What is counted of a model that ranks requests to others. */
final class ShadowMeters {

  private static final String MODEL = "model";

  private final String model;
  private final MeterRegistry registry;
  private final Timer time;
  private final DistributionSummary difference;
  private final Counter sameBest;
  private final Counter dropped;
  private final Counter failed;
  private final Map<String, DistributionSummary> ofLabels = new ConcurrentHashMap<>();

  ShadowMeters(String model, MeterRegistry registry) {
    this.model = model;
    this.registry = registry;
    time =
        Timer.builder("llm4msr.shadow.rank")
            .description("Time in which a shadow ranked a request to another model")
            .tag(MODEL, model)
            .register(registry);
    difference =
        DistributionSummary.builder("llm4msr.shadow.difference")
            .description(
                "Absolute difference of an item's probability from that of the other model")
            .tag(MODEL, model)
            .register(registry);
    sameBest =
        Counter.builder("llm4msr.shadow.same.best")
            .description("Requests of which a shadow puts the same item first")
            .tag(MODEL, model)
            .register(registry);
    dropped = lost(model, "dropped", registry);
    failed = lost(model, "failed", registry);
  }

  private static Counter lost(String model, String outcome, MeterRegistry registry) {
    return Counter.builder("llm4msr.shadow.lost.requests")
        .description("Requests that a shadow should have ranked, and did not")
        .tag(MODEL, model)
        .tag("outcome", outcome)
        .register(registry);
  }

  void ranked(RankResult other, RankResult own, Duration took) {
    time.record(took);
    for (int place = 0; place < own.size(); place++) {
      if (own.status(place) != ItemStatus.MALFORMED
          && other.status(place) != ItemStatus.MALFORMED) {
        difference.record(Math.abs(own.probability(place) - other.probability(place)));
        compareLabels(other, own, place);
      }
    }
    int[] first = own.best(1);
    int[] others = other.best(1);
    if (first.length > 0 && others.length > 0 && first[0] == others[0]) {
      sameBest.increment();
    }
  }

  /** Compares the further labels that both models have. */
  private void compareLabels(RankResult other, RankResult own, int place) {
    for (int label = 0; label < own.labels().size(); label++) {
      String name = own.labels().get(label);
      int others = other.labels().indexOf(name);
      if (others >= 0) {
        ofLabels
            .computeIfAbsent(name, this::ofLabel)
            .record(Math.abs(own.probability(label, place) - other.probability(others, place)));
      }
    }
  }

  private DistributionSummary ofLabel(String label) {
    return DistributionSummary.builder("llm4msr.shadow.label.difference")
        .description(
            "Absolute difference of an item's probability of a further label from that of the"
                + " other model")
        .tag(MODEL, model)
        .tag("label", label)
        .register(registry);
  }

  void dropped() {
    dropped.increment();
  }

  void failed() {
    failed.increment();
  }
}
