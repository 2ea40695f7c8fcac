package org.llm4msr.server.metrics;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.llm4msr.server.models.ServedModel;
import org.llm4msr.serving.ranker.RankerStats;
import org.llm4msr.serving.ranker.RankingModel;

/** What is counted of one model, and what validation leads to expect. */
final class ModelMeters {

  private final MeterRegistry registry;
  private final RankingModel ranker;
  private final Tags model;
  private final List<Meter> meters = new ArrayList<>();

  /** Begins to count. */
  ModelMeters(ServedModel served, MeterRegistry registry) {
    this.registry = registry;
    ranker = served.ranker();
    model = Tags.of("model", served.name());
    meters.add(
        Gauge.builder("llm4msr.model.info", served, any -> 1)
            .description("The models that rank, with the digests of their bundles")
            .tags(model.and("version", served.version(), "digest", ranker.digest()))
            .register(registry));
    meters.add(
        Gauge.builder("llm4msr.model.compiled", ranker, any -> any.isCompiled() ? 1 : 0)
            .description("Whether graphs rank, and not the engine")
            .tags(model)
            .register(registry));
    ofRanker("llm4msr.kept.users", "Weights of users found in memory", RankerStats::keptWeights);
    ofRanker("llm4msr.kept.items", "Rows of items found in memory", RankerStats::keptItems);
    ofRanker(
        "llm4msr.unknown.users",
        "Requests whose user the model does not know",
        RankerStats::unknownUsers);
    values();
    Expected expected = Expected.of(ranker.manifest());
    expect(
        "llm4msr.expected.probability",
        "The mean probability of validation rows",
        "scenario",
        expected.probabilities());
    expect(
        "llm4msr.expected.unknown.values",
        "The share of validation rows in which a field tells the model nothing",
        "field",
        expected.unknown());
  }

  private void ofRanker(String name, String text, ToDoubleFunction<RankerStats> number) {
    count(name, text, model, ranker, any -> number.applyAsDouble(any.stats()));
  }

  private void values() {
    ranker
        .valueCounts()
        .forEach(
            (field, counts) -> {
              Tags tags = model.and("field", field);
              count(
                  "llm4msr.values", "Values that requests brought", tags, counts, v -> v.brought());
              count(
                  "llm4msr.unknown.values",
                  "Values that requests brought and that tell the model nothing",
                  tags,
                  counts,
                  v -> v.unknown());
            });
  }

  private <T> void count(
      String name, String text, Tags tags, T counted, ToDoubleFunction<T> number) {
    meters.add(
        FunctionCounter.builder(name, counted, number)
            .description(text)
            .tags(tags)
            .register(registry));
  }

  private void expect(String name, String text, String tag, Map<String, Double> values) {
    values.forEach(
        (key, value) ->
            meters.add(
                Gauge.builder(name, value, Double::doubleValue)
                    .description(text)
                    .tags(model.and(tag, key))
                    .strongReference(true)
                    .register(registry)));
  }

  /** Counts no more. */
  void remove() {
    meters.forEach(registry::remove);
  }
}
