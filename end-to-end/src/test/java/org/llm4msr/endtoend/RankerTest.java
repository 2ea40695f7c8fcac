package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.bundle.Bundle;
import org.llm4msr.runtime.config.loading.ConfigLoader;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.plugins.PluginRegistry;
import org.llm4msr.runtime.scoring.Scorer;
import org.llm4msr.serving.compiler.Compiler;
import org.llm4msr.serving.ranker.ItemStatus;
import org.llm4msr.serving.ranker.RankItem;
import org.llm4msr.serving.ranker.RankRequest;
import org.llm4msr.serving.ranker.RankResult;
import org.llm4msr.serving.ranker.Ranker;
import org.llm4msr.serving.ranker.RankerSettings;

/** Requests to a ranker, beside the scorer's probabilities of the same rows. */
class RankerTest {

  private static final List<String> SCENARIOS = List.of("feed", "search", "home");
  private static final Map<String, Object> CONTEXT =
      Map.of("hour", 3, "price", 12.5, "tags", List.of("a", "c"));
  private static final String FIELDS =
      "dataset.fields=[{column: hour}, {column: price, kind: numeric}, {column: tags, kind:"
          + " multi-categorical, vocabulary: terms}, {column: city, table: users}, {column: age,"
          + " table: users, kind: numeric}, {column: kind, table: items}, {column: words, table:"
          + " items, kind: multi-categorical, vocabulary: terms}]";
  private static final RankerSettings NOTHING_KEPT = new RankerSettings(0, 0);

  @TempDir static Path folder;
  private static Path plain;
  private static Path compiled;

  @BeforeAll
  static void train() throws IOException {
    SmallShop.write(folder, 1, 1000, 1500, 60, SCENARIOS);
    Experiment experiment =
        Experiment.fromYaml(
            folder.resolve("experiment.yaml"),
            "training.epochs=1",
            "knowledge.items={}",
            "knowledge.history={length: 5, bins: 3}",
            "model.itemKnowledge={width: 4}",
            FIELDS,
            "model.embeddingSizes={hour: 3, words: 5}",
            "model.linear=true",
            "model.coldItems={field: item_id}");
    experiment.prepare(false, Progress.NONE);
    experiment.extract(false, Progress.NONE);
    plain = experiment.train("model", Progress.NONE).bundle();
    compiled = folder.resolve("compiled");
    new Compiler(loader()).compile(Bundle.open(plain), compiled);
  }

  private static ConfigLoader loader() {
    return ConfigLoader.standard(PluginRegistry.load());
  }

  private static Ranker ranker(Path bundle, RankerSettings settings) {
    return Ranker.open(bundle, settings, loader());
  }

  private static List<RankItem> items(int count) {
    List<RankItem> items = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      items.add(new RankItem("i" + i));
    }
    return items;
  }

  /** The scorer reads each item as a row of its own. */
  private static float[] expected(RankRequest request) {
    try (Scorer scorer = Scorer.load(plain)) {
      List<Map<String, Object>> rows = new ArrayList<>();
      for (RankItem item : request.items()) {
        Map<String, Object> row = new HashMap<>(request.context());
        row.putAll(item.fields());
        row.put("user", request.user());
        row.put("scenario", request.scenario());
        row.put("item", item.id());
        rows.add(row);
      }
      return scorer.score(rows);
    }
  }

  private static void assertAsTheScorer(Ranker ranker, RankRequest request) {
    float[] expected = expected(request);
    RankResult result = ranker.rank(request);
    for (int item = 0; item < expected.length; item++) {
      assertThat(result.probability(item))
          .describedAs("item %d", item)
          .isCloseTo(expected[item], within(1e-5f));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"feed", "search", "home"})
  void scoresAsTheScorerWhateverIsKept(String scenario) {
    RankRequest known = new RankRequest(17, scenario, items(150)).with(CONTEXT);
    RankRequest unknown = new RankRequest("nobody", scenario, items(150)).with(CONTEXT);
    for (RankerSettings settings :
        List.of(RankerSettings.STANDARD, new RankerSettings(1000, 1000), NOTHING_KEPT)) {
      try (Ranker ranker = ranker(compiled, settings)) {
        assertThat(ranker.isCompiled()).isTrue();
        for (int time = 0; time < 2; time++) {
          assertAsTheScorer(ranker, known);
          assertAsTheScorer(ranker, unknown);
        }
        assertThat(ranker.stats().requests()).isEqualTo(4);
        assertThat(ranker.stats().items()).isEqualTo(600);
        if (settings.equals(RankerSettings.STANDARD)) {
          assertThat(ranker.stats().keptWeights()).isEqualTo(2);
          assertThat(ranker.stats().keptItems()).isEqualTo(450);
        }
        if (settings.equals(NOTHING_KEPT)) {
          assertThat(ranker.stats().keptWeights()).isZero();
          assertThat(ranker.stats().keptItems()).isZero();
        }
      }
    }
  }

  @Test
  void whatAnItemBringsCountsBeforeTheContextAndThatBeforeWhatIsStored() {
    List<RankItem> items = items(20);
    items.set(3, new RankItem("i3", Map.of("price", 2)));
    items.set(5, new RankItem("i5", Map.of("kind", "k0", "hour", 9)));
    items.set(7, new RankItem("i7", Map.of("words", List.of("w1", "w3"), "tags", "b")));
    items.set(9, new RankItem("new", Map.of("item_vector", new float[16])));
    items.set(11, new RankItem("i11", Map.of("history", List.of("i1", "i4"))));
    for (Path bundle : List.of(compiled, plain)) {
      try (Ranker ranker = ranker(bundle, RankerSettings.STANDARD)) {
        assertAsTheScorer(ranker, new RankRequest(17, "feed", items(20)).with(CONTEXT));
        assertAsTheScorer(ranker, new RankRequest(17, "feed", items).with(CONTEXT));
        Map<String, Object> more = new HashMap<>(CONTEXT);
        more.put("kind", "k2");
        more.put("city", "c3");
        more.put("history", List.of("i9", Map.of("item", "i8", "label", 0)));
        assertAsTheScorer(ranker, new RankRequest(17, "feed", items).with(more));
      }
    }
  }

  @Test
  void anItemThatCannotBeReadHasItsOwnError() {
    List<RankItem> items = items(6);
    items.set(1, new RankItem("i1", Map.of("price", "dear")));
    items.set(3, new RankItem("new"));
    items.set(4, new RankItem(2.5, Map.of()));
    for (Path bundle : List.of(compiled, plain)) {
      try (Ranker ranker = ranker(bundle, RankerSettings.STANDARD)) {
        ranker.rank(new RankRequest(17, "feed", items(6)).with(CONTEXT));
        RankResult result = ranker.rank(new RankRequest(17, "feed", items).with(CONTEXT));

        assertThat(result.status(0)).isEqualTo(ItemStatus.SCORED);
        assertThat(result.status(1)).isEqualTo(ItemStatus.MALFORMED);
        assertThat(result.probability(1)).isNaN();
        assertThat(result.error(1))
            .hasMessageContaining("[data/BAD_VALUE]")
            .hasMessageContaining("Column 'price' has 'dear' in row 1");
        assertThat(result.status(3)).isEqualTo(ItemStatus.UNKNOWN);
        assertThat(result.error(3)).isNull();
        assertThat(result.error(4)).hasMessageContaining("Column 'item' has '2.5'");
        assertThat(result.count(ItemStatus.MALFORMED)).isEqualTo(2);
        assertThat(result.best(10)).containsExactlyInAnyOrder(0, 2, 3, 5);
        assertThat(ranker.stats().unknownItems()).isEqualTo(1);
        assertThat(ranker.stats().malformedItems()).isEqualTo(2);
        assertAsTheScorer(ranker, new RankRequest(17, "feed", items.subList(2, 4)).with(CONTEXT));
      }
    }
  }

  @Test
  void aVectorInTheContextIsForTheItemsOfItsRequestAlone() {
    float[] vector = new float[16];
    vector[3] = 1;
    RankRequest plainRequest = new RankRequest(17, "feed", items(20)).with(CONTEXT);
    Map<String, Object> more = new HashMap<>(CONTEXT);
    more.put("item_vector", vector);
    try (Ranker ranker = ranker(compiled, RankerSettings.STANDARD)) {
      assertAsTheScorer(ranker, plainRequest.with(more));
      assertAsTheScorer(ranker, plainRequest);
      assertAsTheScorer(ranker, plainRequest.with(more));
    }
  }

  @Test
  void aColumnOfAKeyIsIgnoredAsByTheScorer() {
    Map<String, Object> more = new HashMap<>(CONTEXT);
    more.put("item_id", "i3");
    more.put("user_id", "4");
    for (Path bundle : List.of(compiled, plain)) {
      try (Ranker ranker = ranker(bundle, RankerSettings.STANDARD)) {
        assertAsTheScorer(ranker, new RankRequest(17, "feed", items(20)).with(more));
      }
    }
  }

  @Test
  void anyNumberOfItemsIsScored() {
    List<RankItem> items = new ArrayList<>();
    for (int i = 0; i < 2500; i++) {
      items.add(new RankItem("i" + i % 170)); // 20 of them are not known.
    }
    items.set(1100, new RankItem("i1", Map.of("price", "dear")));
    for (Path bundle : List.of(compiled, plain)) {
      try (Ranker ranker = ranker(bundle, RankerSettings.STANDARD)) {
        RankResult result = ranker.rank(new RankRequest(17, "home", items).with(CONTEXT));
        float[] expected =
            expected(new RankRequest(17, "home", items.subList(0, 170)).with(CONTEXT));
        for (int i = 0; i < 2500; i++) {
          assertThat(result.probability(i))
              .isCloseTo(i == 1100 ? Float.NaN : expected[i % 170], within(1e-5f));
        }
        assertThat(result.status(1100)).isEqualTo(ItemStatus.MALFORMED);
        assertThat(result.status(2495)).isEqualTo(ItemStatus.SCORED);
        assertThat(result.status(169)).isEqualTo(ItemStatus.UNKNOWN);
      }
    }
  }

  @Test
  void aModelWithoutKnowledgeIsRankedToo() {
    Experiment experiment =
        Experiment.fromYaml(
            folder.resolve("experiment.yaml"), "training.epochs=1", "model.fusion=none", FIELDS);
    Path bundle = experiment.train("without", Progress.NONE).bundle();
    Path target = folder.resolve("without");
    new Compiler(loader()).compile(Bundle.open(bundle), target);
    RankRequest request = new RankRequest(17, "feed", items(30)).with(CONTEXT);
    try (Ranker graphs = ranker(target, RankerSettings.STANDARD);
        Ranker engine = ranker(bundle, RankerSettings.STANDARD)) {
      RankResult expected = engine.rank(request);
      for (int time = 0; time < 2; time++) {
        RankResult found = graphs.rank(request);
        for (int item = 0; item < 30; item++) {
          assertThat(found.probability(item)).isCloseTo(expected.probability(item), within(1e-5f));
        }
      }
    }
  }

  @Test
  void theBestComeFirst() {
    try (Ranker ranker = ranker(compiled, RankerSettings.STANDARD)) {
      RankResult result = ranker.rank(new RankRequest(17, "home", items(150)).with(CONTEXT));
      int[] best = result.best(10);
      assertThat(best).hasSize(10).doesNotHaveDuplicates();
      float last = 1;
      for (int item : best) {
        assertThat(result.probability(item)).isLessThanOrEqualTo(last);
        last = result.probability(item);
      }
      int above = 0;
      for (int item = 0; item < 150; item++) {
        above += result.probability(item) > last ? 1 : 0;
      }
      assertThat(above).isEqualTo(9);
    }
  }

  @Test
  void whatAllItemsShareMustBeReadable() {
    for (Path bundle : List.of(compiled, plain)) {
      try (Ranker ranker = ranker(bundle, RankerSettings.STANDARD)) {
        RankRequest request = new RankRequest(17, "feed", items(3)).with(CONTEXT);
        assertThatThrownBy(() -> ranker.rank(new RankRequest(17, "cinema", items(3))))
            .hasMessageContaining("[data/UNKNOWN_SCENARIO]")
            .hasMessageContaining("'cinema'");
        assertThatThrownBy(() -> ranker.rank(request.with(Map.of("hour", 3, "price", "dear"))))
            .hasMessageContaining("[data/BAD_VALUE]");
        assertThatThrownBy(() -> ranker.rank(request.within(Duration.ZERO)))
            .hasMessageContaining("[rank/DEADLINE]");
        assertThat(ranker.rank(request.within(Duration.ofMinutes(1))).count(ItemStatus.SCORED))
            .isEqualTo(3);
        assertThat(ranker.rank(new RankRequest(17, "feed", List.of())).best(3)).isEmpty();
        assertThatThrownBy(() -> ranker.rank(request.with(Map.of("price", 1))))
            .hasMessageContaining("[data/MISSING_COLUMN] The request has no hour");
        List<RankItem> some = List.of(new RankItem("i1", Map.of("hour", 3)), new RankItem("i2"));
        Map<String, ?> rest = Map.of("price", 12.5, "tags", "a");
        RankResult lacking = ranker.rank(new RankRequest(17, "feed", some).with(rest));
        assertThat(lacking.status(0)).isEqualTo(ItemStatus.SCORED);
        assertThat(lacking.error(1))
            .hasMessageContaining("[data/MISSING_COLUMN] Row 1 has no hour");
      }
    }
  }

  @Test
  void aBundleThatIsNotCompiledIsServedByTheEngine() {
    try (Ranker ranker = ranker(plain, RankerSettings.STANDARD)) {
      assertThat(ranker.isCompiled()).isFalse();
      assertAsTheScorer(ranker, new RankRequest(17, "home", items(150)).with(CONTEXT));
      assertAsTheScorer(ranker, new RankRequest("nobody", "home", items(150)).with(CONTEXT));
    }
  }

  @Test
  void manyThreadsRankAtOnce() throws Exception {
    RankerSettings little = new RankerSettings(5_000, 2_000);
    List<RankRequest> requests = new ArrayList<>();
    List<float[]> expected = new ArrayList<>();
    for (int user = 0; user < 12; user++) {
      String scenario = SCENARIOS.get(user % 3);
      requests.add(new RankRequest(user, scenario, items(40 + user)).with(CONTEXT));
      expected.add(expected(requests.get(user)));
    }
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try (Ranker ranker = ranker(compiled, little)) {
      List<Callable<RankResult>> calls = new ArrayList<>();
      for (int call = 0; call < 400; call++) {
        RankRequest request = requests.get(call * 7 % 12);
        calls.add(() -> ranker.rank(request));
      }
      List<Future<RankResult>> results = threads.invokeAll(calls);
      for (int call = 0; call < 400; call++) {
        float[] scores = expected.get(call * 7 % 12);
        RankResult result = results.get(call).get();
        for (int item = 0; item < scores.length; item++) {
          assertThat(result.probability(item)).isCloseTo(scores[item], within(1e-5f));
        }
      }
      assertThat(ranker.stats().keptWeights()).isBetween(1L, 399L);
    } finally {
      threads.shutdown();
    }
  }

  @Test
  void aClosedRankerSaysSo() {
    Ranker ranker = ranker(compiled, RankerSettings.STANDARD);
    ranker.close();
    ranker.close();
    assertThatThrownBy(() -> ranker.rank(new RankRequest(17, "feed", items(3))))
        .hasMessageContaining("[rank/CLOSED]");
  }
}
