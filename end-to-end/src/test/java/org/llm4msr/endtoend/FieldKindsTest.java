package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.bundle.Bundle;
import org.llm4msr.runtime.bundle.EmbeddingExport;
import org.llm4msr.runtime.config.loading.ConfigLoader;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.data.rows.RowValue;
import org.llm4msr.runtime.data.rows.RowValues;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.experiment.TrainingOptions;
import org.llm4msr.runtime.experiment.TrainingReport;
import org.llm4msr.runtime.plugins.PluginRegistry;
import org.llm4msr.runtime.scoring.Scorer;
import org.llm4msr.runtime.scoring.ScoringRequest;
import org.llm4msr.serving.compiler.Compiler;
import org.llm4msr.serving.ranker.RankItem;
import org.llm4msr.serving.ranker.RankRequest;
import org.llm4msr.serving.ranker.RankResult;
import org.llm4msr.serving.ranker.Ranker;
import org.llm4msr.serving.ranker.RankerSettings;

/** Ranges, hashes and crosses on their way from files to scores. */
class FieldKindsTest {

  private static final String FIELDS =
      "dataset.fields=[{column: hour}, {column: price, kind: bucketed, buckets: 8}, {column: tags,"
          + " kind: multi-hashed, buckets: 50}, {column: city, table: users, kind: hashed, buckets:"
          + " 40}, {column: age, table: users, kind: bucketed, bounds: [25, 40, 60]}, {column: kind,"
          + " table: items}, {column: words, table: items, kind: multi-categorical}, {name:"
          + " city_kind, cross: [city, kind]}, {name: hour_price, cross: [hour, price], buckets:"
          + " 100}, {name: age_scenario, cross: [age, scenario]}, {name: kind_item, cross: [kind,"
          + " item_id], buckets: 300}]";

  private static final String[] SETTINGS = {
    FIELDS,
    "training.epochs=2",
    "model.backbone={name: shared-bottom, bottom: [8], tower: [4], batchNorm: false}",
    "model.fusion=none",
    "evaluation.slices=[price, city, city_kind, tags]"
  };

  private static final Map<String, Object> CONTEXT =
      Map.of("hour", 3, "price", 12.5, "tags", List.of("a", "c"));

  @TempDir static Path folder;
  private static Experiment experiment;
  private static TrainingReport report;
  private static Path compiled;
  private static float[] evaluated;
  private static List<String> testRows;

  @BeforeAll
  static void train() throws IOException {
    SmallShop shop = SmallShop.write(folder, 1, 1000, 1500, 60, List.of("feed", "search"));
    testRows = shop.rows().subList(1250, 1500);
    experiment = Experiment.fromYaml(shop.experiment(), SETTINGS);
    experiment.prepare(false, Progress.NONE);
    report = experiment.train("model", Progress.NONE);
    Path predictions = folder.resolve("predictions.arrow");
    experiment.evaluate("model", Split.TEST, predictions, Progress.NONE);
    evaluated = BundleTest.floats(predictions, "probability");
    compiled = folder.resolve("compiled");
    new Compiler(loader()).compile(Bundle.open(report.bundle()), compiled);
  }

  private static ConfigLoader loader() {
    return ConfigLoader.standard(PluginRegistry.load());
  }

  @Test
  void rawRowsAreScoredAsTheyWereEvaluated() throws IOException {
    List<String> lines = new ArrayList<>(List.of(SmallShop.COLUMNS));
    lines.addAll(testRows);
    Path rows = Files.write(folder.resolve("rows.csv"), lines);
    Path out = folder.resolve("scores.arrow");
    for (Path bundle : List.of(report.bundle(), compiled)) {
      try (Scorer scorer = Scorer.load(bundle)) {
        scorer.score(new ScoringRequest(rows, out), Progress.NONE);
      }
      assertThat(BundleTest.floats(out, "score")).containsExactly(evaluated, within(1e-6f));
      Files.delete(out);
    }
  }

  private static List<RankItem> items() {
    List<RankItem> items = new ArrayList<>();
    for (int i = 0; i < 150; i++) {
      items.add(new RankItem("i" + i));
    }
    return items;
  }

  private static Map<String, Object> row(RankRequest request, RankItem item) {
    Map<String, Object> row = new HashMap<>(request.context());
    row.putAll(item.fields());
    row.put("user", request.user());
    row.put("scenario", request.scenario());
    row.put("item", item.id());
    return row;
  }

  private static void assertAsTheScorer(Ranker ranker, RankRequest request) {
    float[] expected;
    try (Scorer scorer = Scorer.load(report.bundle())) {
      expected = scorer.score(request.items().stream().map(item -> row(request, item)).toList());
    }
    for (int time = 0; time < 2; time++) { // Then with what was kept.
      RankResult result = ranker.rank(request);
      for (int item = 0; item < expected.length; item++) {
        assertThat(result.probability(item))
            .describedAs("item %d", item)
            .isCloseTo(expected[item], within(1e-5f));
      }
    }
  }

  /** A request brings the parts of a cross, or they are stored. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void requestsAreRankedAsTheirRowsAreScored(boolean isCompiled) {
    List<RankItem> own = items();
    own.set(3, new RankItem("i3", Map.of("price", 2)));
    own.set(5, new RankItem("i5", Map.of("kind", "k0", "hour", 9)));
    own.set(7, new RankItem("i7", Map.of("tags", "b")));
    own.set(9, new RankItem("new", Map.of("kind", "k2", "city", "c4")));
    Map<String, Object> more = new HashMap<>(CONTEXT);
    more.put("kind", "k1");
    more.put("age", 33);
    more.put("city", "never seen");
    more.put("price", null);
    try (Ranker ranker =
        Ranker.open(isCompiled ? compiled : report.bundle(), RankerSettings.STANDARD, loader())) {
      assertThat(ranker.isCompiled()).isEqualTo(isCompiled);
      for (Object user : List.of(17, 23, "nobody")) {
        for (String scenario : List.of("feed", "search")) {
          assertAsTheScorer(ranker, new RankRequest(user, scenario, items()).with(CONTEXT));
        }
        assertAsTheScorer(ranker, new RankRequest(user, "feed", own).with(CONTEXT));
        assertAsTheScorer(ranker, new RankRequest(user, "feed", own).with(more));
      }
    }
  }

  /** What is told of a row is what a log of requests keeps. */
  @Test
  void aRowThatBringsWhatIsToldOfAnotherHasItsScore() {
    RankRequest request = new RankRequest(17, "feed", items().subList(0, 20)).with(CONTEXT);
    List<Map<String, Object>> rows = new ArrayList<>();
    List<Map<String, Object>> told = new ArrayList<>();
    try (Ranker ranker = Ranker.open(report.bundle(), RankerSettings.STANDARD, loader())) {
      RowValues values = ranker.values();
      for (RankItem item : request.items()) {
        rows.add(row(request, item));
        Map<String, Object> brought = new HashMap<>();
        RowValues.Row row =
            new RowValues.Row(17, "feed", item.id(), request.context(), item.fields());
        for (RowValue value : values.of(row, 0)) {
          brought.put(value.column().name(), value.value());
        }
        assertThat(brought)
            .containsOnlyKeys("hour", "price", "tags", "city", "age", "kind", "words");
        assertThat(brought.get("city").toString()).matches("bucket \\d+ of 40");
        brought.putAll(Map.of("user", "nobody", "scenario", "feed", "item", item.id()));
        brought.put("user", 17);
        told.add(brought);
      }
    }
    try (Scorer scorer = Scorer.load(report.bundle())) {
      assertThat(scorer.score(told)).containsExactly(scorer.score(rows), within(1e-6f));
    }
  }

  @Test
  void anotherRunBeginsWithTheBundle() {
    String[] settings = List.of(SETTINGS).toArray(new String[SETTINGS.length + 1]);
    settings[1] = "training.epochs=1";
    settings[SETTINGS.length] = "training.optimizer={name: sgd, learningRate: 1e-20}";
    TrainingReport on =
        Experiment.fromYaml(folder.resolve("experiment.yaml"), settings)
            .train("on", new TrainingOptions(null, report.bundle()), Progress.NONE);

    assertThat(on.result().best().result().overall().auc())
        .isEqualTo(report.result().best().result().overall().auc());
  }

  @Test
  void exportedEmbeddingsNameRangesAndBuckets() throws IOException {
    Path target = folder.resolve("embeddings");
    new EmbeddingExport(Bundle.open(report.bundle())).write(List.of(), target);

    assertThat(BundleTest.texts(target.resolve("age.arrow"), "value"))
        .containsExactly("null", "up to 25", "25 to 40", "40 to 60", "over 60");
    assertThat(BundleTest.texts(target.resolve("city.arrow"), "value"))
        .hasSize(41)
        .startsWith("null", "bucket 1 of 40");
    assertThat(BundleTest.texts(target.resolve("age_scenario.arrow"), "value"))
        .contains("up to 25 & feed", "over 60 & search", "\\- & feed");
  }
}
