package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
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
import org.llm4msr.runtime.bundle.Bundle;
import org.llm4msr.runtime.bundle.EmbeddingExport;
import org.llm4msr.runtime.data.rows.RowValue;
import org.llm4msr.runtime.data.rows.RowValues;
import org.llm4msr.runtime.scoring.Scorer;
import org.llm4msr.serving.ranker.RankItem;
import org.llm4msr.serving.ranker.RankRequest;
import org.llm4msr.serving.ranker.Ranker;

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
  private static TrainedShop model;
  private static List<String> testRows;

  @BeforeAll
  static void train() throws IOException {
    SmallShop shop = SmallShop.write(folder, 1, 1000, 1500, 60, List.of("feed", "search"));
    testRows = shop.rows().subList(1250, 1500);
    model = TrainedShop.of(shop, SETTINGS);
  }

  @Test
  void rawRowsAreScoredAsTheyWereEvaluated() throws IOException {
    model.assertScoresAsEvaluated(SmallShop.COLUMNS, testRows);
  }

  /** A request brings the parts of a cross, or they are stored. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void requestsAreRankedAsTheirRowsAreScored(boolean isCompiled) {
    List<RankItem> own = TrainedShop.items();
    own.set(3, new RankItem("i3", Map.of("price", 2)));
    own.set(5, new RankItem("i5", Map.of("kind", "k0", "hour", 9)));
    own.set(7, new RankItem("i7", Map.of("tags", "b")));
    own.set(9, new RankItem("new", Map.of("kind", "k2", "city", "c4")));
    Map<String, Object> more = new HashMap<>(CONTEXT);
    more.put("kind", "k1");
    more.put("age", 33);
    more.put("city", "never seen");
    more.put("price", null);
    try (Ranker ranker = model.ranker(isCompiled)) {
      assertThat(ranker.isCompiled()).isEqualTo(isCompiled);
      for (Object user : List.of(17, 23, "nobody")) {
        for (String scenario : List.of("feed", "search")) {
          model.assertRanksAsItScores(
              ranker, new RankRequest(user, scenario, TrainedShop.items()).with(CONTEXT));
        }
        model.assertRanksAsItScores(ranker, new RankRequest(user, "feed", own).with(CONTEXT));
        model.assertRanksAsItScores(ranker, new RankRequest(user, "feed", own).with(more));
      }
    }
  }

  /** What is told of a row is what a log of requests keeps. */
  @Test
  void aRowThatBringsWhatIsToldOfAnotherHasItsScore() {
    RankRequest request =
        new RankRequest(17, "feed", TrainedShop.items().subList(0, 20)).with(CONTEXT);
    List<Map<String, Object>> rows = new ArrayList<>();
    List<Map<String, Object>> told = new ArrayList<>();
    try (Ranker ranker = model.ranker(false)) {
      RowValues values = ranker.values();
      for (RankItem item : request.items()) {
        rows.add(TrainedShop.row(request, item));
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
    try (Scorer scorer = Scorer.load(model.bundle())) {
      assertThat(scorer.score(told)).containsExactly(scorer.score(rows), within(1e-6f));
    }
  }

  @Test
  void anotherRunBeginsWithTheBundle() {
    String[] settings = List.of(SETTINGS).toArray(new String[SETTINGS.length + 1]);
    settings[1] = "training.epochs=1";
    settings[SETTINGS.length] = "training.optimizer={name: sgd, learningRate: 1e-20}";
    model.assertGoesOn(settings);
  }

  @Test
  void exportedEmbeddingsNameRangesAndBuckets() throws IOException {
    Path target = folder.resolve("embeddings");
    new EmbeddingExport(Bundle.open(model.bundle())).write(List.of(), target);

    assertThat(BundleTest.texts(target.resolve("age.arrow"), "value"))
        .containsExactly("null", "up to 25", "25 to 40", "40 to 60", "over 60");
    assertThat(BundleTest.texts(target.resolve("city.arrow"), "value"))
        .hasSize(41)
        .startsWith("null", "bucket 1 of 40");
    assertThat(BundleTest.texts(target.resolve("age_scenario.arrow"), "value"))
        .contains("up to 25 & feed", "over 60 & search", "\\- & feed");
  }
}
