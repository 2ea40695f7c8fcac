package org.llm4msr.server.features;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.features.FeatureContext;
import org.llm4msr.api.features.FeatureQuery;
import org.llm4msr.api.features.FeatureSource;
import org.llm4msr.api.features.FeatureSourceFactory;
import org.llm4msr.api.features.FeatureValues;
import org.llm4msr.runtime.config.PluginChoice;
import org.llm4msr.server.FakeBundle;
import org.llm4msr.server.FakeModel;
import org.llm4msr.server.config.FeaturesConfig;
import org.llm4msr.server.ranking.RankCall;
import org.llm4msr.serving.ranker.RankItem;
import org.llm4msr.serving.ranker.RankRequest;

/** Requests with values of a source, beside those that bring the same values. */
class FeaturesTest {

  private static final int TIMEOUT_MILLIS = 20;
  private static final int PAUSE_MILLIS = 100;
  private static final Map<String, Object> CONTEXT = Map.of("hour", 3, "price", 12.5, "tags", "a");

  @TempDir Path folder;
  private final AtomicLong now = new AtomicLong();
  private final List<FeatureOutcome> outcomes = new ArrayList<>();
  private final Map<String, Map<String, String>> users = new HashMap<>();
  private final Map<String, Map<String, String>> items = new HashMap<>();
  private final List<Integer> counts = new ArrayList<>();
  private Function<FeatureQuery, CompletionStage<FeatureValues>> source = this::stored;
  private Features features;
  private FakeModel model;

  @BeforeEach
  void open() throws IOException {
    model = FakeModel.open(new FakeBundle(1).write(folder.resolve("bundle")));
    FeaturesConfig config =
        new FeaturesConfig(
            PluginChoice.of("fake", new Factory(), new None()), TIMEOUT_MILLIS, PAUSE_MILLIS);
    features = Features.open(config, new Observer(), now::get);
  }

  record None() {}

  private final class Factory implements FeatureSourceFactory<None> {

    @Override
    public Class<None> configType() {
      return None.class;
    }

    @Override
    public FeatureSource create(None config, FeatureContext context) {
      return new FeatureSource() {
        @Override
        public CompletionStage<FeatureValues> fetch(FeatureQuery query) {
          return source.apply(query);
        }

        @Override
        public void close() {
          outcomes.clear();
        }
      };
    }
  }

  private final class Observer implements FeatureObserver {

    @Override
    public void fetched(String name, FeatureOutcome outcome, long nanos) {
      outcomes.add(outcome);
    }

    @Override
    public void merged(String name, int read, int unreadable) {
      counts.addAll(List.of(read, unreadable));
    }
  }

  private CompletionStage<FeatureValues> stored(FeatureQuery query) {
    return CompletableFuture.completedFuture(
        new FeatureValues(
            users.getOrDefault(query.user(), Map.of()),
            query.items().stream().map(id -> items.getOrDefault(id, Map.of())).toList(),
            0));
  }

  private static RankRequest request(Map<String, ?> context, RankItem... items) {
    return new RankRequest("17", "feed", context, List.of(items), null);
  }

  private static RankRequest some() {
    return request(CONTEXT, new RankItem("i1"), new RankItem("i2"));
  }

  private float[] fetched(RankRequest request) {
    return probabilities(features.merged(new RankCall("", "", 0, request), model).request());
  }

  private float[] probabilities(RankRequest request) {
    var result = model.rank(request);
    float[] all = new float[result.size()];
    IntStream.range(0, all.length).forEach(place -> all[place] = result.probability(place));
    return all;
  }

  @Test
  void whatARequestBringsCountsBeforeTheSourceAndThatBeforeTheBundle() {
    users.put(
        "17",
        Map.of("city", "c3", "age", "61", "price", "99", "tags", "[\"a\", \"c\"]", "other", "x"));
    items.put("i1", Map.of("kind", "k2", "words", "[\"w1\", \"w3\"]"));
    items.put("i2", Map.of("kind", "k3", "price", "7.25", "hour", "5"));
    RankItem second = new RankItem("i2", Map.of("kind", "k0"));

    float[] found =
        fetched(
            request(
                Map.of("hour", 3, "price", 12.5), new RankItem("i1"), second, new RankItem("i3")));

    RankItem first = new RankItem("i1", Map.of("kind", "k2", "words", List.of("w1", "w3")));
    Map<String, Object> user =
        Map.of("hour", 3, "price", 12.5, "city", "c3", "age", 61, "tags", List.of("a", "c"));
    assertThat(found)
        .containsExactly(probabilities(request(user, first, second, new RankItem("i3"))));
    float[] without =
        probabilities(request(CONTEXT, new RankItem("i1"), second, new RankItem("i3")));
    for (int place = 0; place < 3; place++) {
      assertThat(found[place]).isNotCloseTo(without[place], within(1e-5f));
    }
    assertThat(outcomes).containsExactly(FeatureOutcome.OK);
    assertThat(counts).containsExactly(2, 0); // The user and i1; i2 brings what it has.
  }

  @Test
  void aNewItemIsRankedByItsFieldsAndItsVector() {
    String vector = "[0.5, 0.25, -1, 2]";
    items.put("new", Map.of("kind", "k0", "words", "[]", "item_vector", vector));
    RankItem brought =
        new RankItem(
            "new",
            Map.of("kind", "k0", "words", List.of(), "item_vector", List.of(0.5, 0.25, -1.0, 2.0)));

    assertThat(fetched(request(CONTEXT, new RankItem("new"))))
        .containsExactly(probabilities(request(CONTEXT, brought)))
        .isNotEqualTo(probabilities(request(CONTEXT, new RankItem("new"))));
  }

  @Test
  void whoseValuesCannotBeReadIsRankedByTheBundle() {
    users.put("17", Map.of("city", "c3", "age", "old"));
    items.put("i2", Map.of("kind", "k0", "words", "[\"w1\""));
    items.put("i3", Map.of("item_vector", "[1, 2]", "kind", "k0"));
    items.put("i5", Map.of("kind", "k3"));
    RankItem[] asked = {new RankItem("i2"), new RankItem("i3"), new RankItem("i5")};

    float[] found = fetched(request(CONTEXT, asked));

    asked[2] = new RankItem("i5", Map.of("kind", "k3"));
    assertThat(found).containsExactly(probabilities(request(CONTEXT, asked)));
    assertThat(counts).containsExactly(1, 3);
  }

  @Test
  void aSourceThatFailsIsLeftAloneForAWhile() {
    items.put("i1", Map.of("kind", "k2"));
    float[] bundle = probabilities(some());
    assertThat(fetched(some())).isNotEqualTo(bundle);
    outcomes.clear();
    source = query -> CompletableFuture.failedFuture(new IOException("away"));
    for (int i = 0; i < 10; i++) {
      assertThat(fetched(some())).containsExactly(bundle);
    }
    assertThat(outcomes.subList(0, 9)).containsOnly(FeatureOutcome.ERROR);
    assertThat(outcomes.get(9)).isEqualTo(FeatureOutcome.OPEN);

    source = this::stored;
    outcomes.clear();
    now.addAndGet(Duration.ofMillis(PAUSE_MILLIS).toNanos());
    assertThat(fetched(some())).containsExactly(bundle);
    assertThat(outcomes).containsExactly(FeatureOutcome.OPEN);
    now.incrementAndGet();
    for (int i = 0; i < 4; i++) {
      assertThat(fetched(some())).isNotEqualTo(bundle);
    }
    assertThat(outcomes.subList(1, 5)).containsOnly(FeatureOutcome.OK);
  }

  @Test
  void whateverASourceDoesARequestIsRankedByTheBundle() {
    float[] bundle = probabilities(some());
    List<Function<FeatureQuery, CompletionStage<FeatureValues>>> faults =
        List.of(
            query -> new CompletableFuture<>(),
            query -> {
              throw new IllegalStateException("a fault of the plugin");
            },
            query -> CompletableFuture.completedFuture(null),
            query -> CompletableFuture.completedFuture(new FeatureValues(Map.of(), List.of(), 0)),
            query ->
                CompletableFuture.completedFuture(
                    new FeatureValues(Map.of(), Arrays.asList(Map.of(), null), 0)));
    for (var fault : faults) {
      source = fault;
      assertThat(fetched(some())).containsExactly(bundle);
    }

    assertThat(outcomes.get(0)).isEqualTo(FeatureOutcome.TIMEOUT);
    assertThat(outcomes.subList(1, faults.size())).containsOnly(FeatureOutcome.ERROR);
  }

  /** The question before it is cancelled, so that the source may forget it. */
  @Test
  void aRequestWhoseDeadlineIsOverDoesNotWait() {
    List<CompletableFuture<FeatureValues>> asked = new ArrayList<>();
    source =
        query -> {
          asked.add(new CompletableFuture<>());
          return asked.get(0);
        };
    RankRequest late = new RankRequest("17", "feed", CONTEXT, some().items(), now.get() - 1);

    assertThat(fetched(late)).containsExactly(probabilities(some()));
    assertThat(asked).singleElement().satisfies(one -> assertThat(one).isCancelled());
  }

  @Test
  void warmingUpAsksAndCountsNothing() {
    List<FeatureQuery> asked = new ArrayList<>();
    source =
        query -> {
          asked.add(query);
          now.addAndGet(Duration.ofMillis(1).toNanos());
          return stored(query);
        };
    features.warmUp(model, Duration.ofMillis(25));

    assertThat(asked).hasSize(25);
    assertThat(asked.get(20)).isEqualTo(asked.get(0)).isNotEqualTo(asked.get(1));
    assertThat(outcomes).isEmpty();
    assertThat(model.stats().requests()).isZero();
  }
}
