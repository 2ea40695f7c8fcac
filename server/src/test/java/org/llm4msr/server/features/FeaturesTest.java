package org.llm4msr.server.features;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.AbstractMap;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
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
import org.llm4msr.server.ranking.SourceReport;
import org.llm4msr.serving.ranker.RankItem;
import org.llm4msr.serving.ranker.RankRequest;

/** Requests with values of a source, beside those that bring the same values. */
class FeaturesTest {

  /** Sources answer at once; who waits that long for one fails. */
  private static final int TIMEOUT_MILLIS = 10_000;

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
    features = Features.open(config, 1, Duration.ofMinutes(1), new Observer(), now::get);
  }

  @AfterEach
  void close() {
    features.close();
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

  private RankCall merged(RankRequest request) {
    return features.merged(new RankCall("", "", 0, request), model);
  }

  private float[] fetched(RankRequest request) {
    return probabilities(merged(request).request());
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
  void aValueThatCannotBeReadIsLostAloneAndTold() {
    users.put("17", Map.of("city", "c3", "age", "old"));
    items.put("i2", Map.of("kind", "k0", "words", "[\"w1\""));
    items.put("i3", Map.of("item_vector", "[1, 2]", "kind", "k0"));
    items.put("i5", Map.of("kind", "k3"));

    RankCall merged =
        merged(request(CONTEXT, new RankItem("i2"), new RankItem("i3"), new RankItem("i5")));

    Map<String, Object> context = new HashMap<>(CONTEXT);
    context.put("city", "c3");
    assertThat(probabilities(merged.request()))
        .containsExactly(
            probabilities(
                request(
                    context,
                    new RankItem("i2", Map.of("kind", "k0")),
                    new RankItem("i3", Map.of("kind", "k0")),
                    new RankItem("i5", Map.of("kind", "k3")))));
    assertThat(counts).containsExactly(4, 3);
    assertThat(outcomes).containsExactly(FeatureOutcome.OK);
    assertThat(merged.origins().source())
        .isEqualTo(
            new SourceReport(
                "OK",
                "data/BAD_VALUE",
                "Column 'age' has 'old' of the user; expected a number. Fix the row or leave the"
                    + " value empty. So it is with 2 more."));
  }

  @Test
  void itemsAreNamedWhoseValuesCannotBeRead() {
    items.put("i2", Map.of("words", "[\"w1\""));

    assertThat(merged(request(CONTEXT, new RankItem("i2"))).origins().source().message())
        .isEqualTo(
            "Column 'words' has null or no JSON of the item 'i2'; expected a value, or a list in"
                + " brackets. Leave out what is not known.");
  }

  @Test
  void whatASourceCouldNotReadItselfIsToldToo() {
    source =
        query ->
            CompletableFuture.completedFuture(
                new FeatureValues(Map.of(), List.of(Map.of(), Map.of()), 2));

    assertThat(merged(some()).origins().source())
        .isEqualTo(
            new SourceReport(
                "OK",
                "plugin/UNREADABLE",
                "The source could not read 2 of the user and the items."));
    assertThat(counts).containsExactly(0, 2);
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
    assertThat(merged(some()).origins().source().outcome()).isEqualTo("OPEN");
    assertThat(merged(some()).origins().source().message())
        .startsWith("The source is not asked for 100 ms after most requests to it failed. The last")
        .contains(" one: The feature source 'fake' threw java.io.IOException: away");

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

  /** The maps of an answer may compute what they hold. */
  private static final class Throwing extends AbstractMap<String, Object> {
    @Override
    public Set<Map.Entry<String, Object>> entrySet() {
      throw new IllegalStateException("it is gone");
    }
  }

  @Test
  void whateverASourceDoesARequestIsRankedByTheBundle() {
    List<Map<String, ?>> none = List.of(Map.of(), Map.of());
    Map<String, Object> withoutColumn = Collections.singletonMap(null, 1);

    assertFailed(
        "plugin/FAULT",
        query -> {
          throw new IllegalStateException("a fault of the plugin");
        });
    assertFailed("plugin/FAULT", query -> answer(new FeatureValues(new Throwing(), none, 0)));
    assertFailed("plugin/NULL", query -> null);
    assertFailed("plugin/BAD_ANSWER", query -> answer(new FeatureValues(withoutColumn, none, 0)));
    assertThat(outcomes).hasSize(4).containsOnly(FeatureOutcome.ERROR);
  }

  private static CompletionStage<FeatureValues> answer(FeatureValues values) {
    return CompletableFuture.completedFuture(values);
  }

  private void assertFailed(
      String code, Function<FeatureQuery, CompletionStage<FeatureValues>> fault) {
    source = fault;
    RankCall merged = merged(some());

    assertThat(probabilities(merged.request())).containsExactly(probabilities(some()));
    assertThat(merged.origins().source().outcome()).isEqualTo("ERROR");
    assertThat(merged.origins().source().code()).isEqualTo(code);
    assertThat(merged.origins().source().message()).contains("The feature source 'fake' ");
  }

  @Test
  void aRequestWhoseDeadlineIsOverDoesNotWaitForACallThatDoesNotReturn() {
    CountDownLatch end = new CountDownLatch(1);
    source =
        query -> {
          try {
            end.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
          return stored(query);
        };
    RankRequest late = new RankRequest("17", "feed", CONTEXT, some().items(), now.get() - 1);

    RankCall merged = merged(late);

    end.countDown();
    assertThat(probabilities(merged.request())).containsExactly(probabilities(some()));
    assertThat(outcomes).containsExactly(FeatureOutcome.TIMEOUT);
    assertThat(merged.origins().source().code()).isEqualTo("plugin/TIMEOUT");
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
