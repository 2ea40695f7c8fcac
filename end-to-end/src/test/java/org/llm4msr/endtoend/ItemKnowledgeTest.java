package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.llm4msr.api.Progress;
import org.llm4msr.cli.InProcess;
import org.llm4msr.runtime.bundle.Bundle;
import org.llm4msr.runtime.bundle.BundleModel;
import org.llm4msr.runtime.data.prepared.PreparedField;
import org.llm4msr.runtime.data.prepared.PreparedIds;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.data.rows.RowEncoder;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.experiment.TrainingOptions;
import org.llm4msr.runtime.knowledge.store.KnowledgeStore;
import org.llm4msr.runtime.scoring.Scorer;

/** A shop whose customers like tea and no lamps, and whose newest items training never saw. */
class ItemKnowledgeTest {

  private static final String EXPERIMENT =
      TextShop.experiment(
          "%s",
          "%s",
          "",
          "  itemKnowledge: {}\n",
          "epochs: 2, batchSize: 64, optimizer: { learningRate: 0.02 }");

  /** Items of the training part, and those that come later. */
  private static final int KNOWN = 40;

  private static final int ALL = 80;

  @TempDir static Path folder;
  static Path bundle;

  /** Two of three impressions of a tea are clicked, one of six of a lamp. */
  @BeforeAll
  static void train() throws IOException {
    Random random = new Random(3);
    TextShop.writeItems(
        folder, ALL + 2, item -> (isTea(item) ? "green tea" : "desk lamp") + " number " + item);
    List<String> log = new ArrayList<>(List.of(TextShop.COLUMNS));
    for (int n = 0; n < 6_000; n++) {
      int item = n < 5_000 ? random.nextInt(KNOWN) : KNOWN + random.nextInt(ALL - KNOWN);
      int clicked = random.nextInt(6) < (isTea(item) ? 4 : 1) ? 1 : 0;
      String scenario = random.nextBoolean() ? "feed" : "search";
      log.add("u%d,i%d,%s,%d,%d".formatted(random.nextInt(60), item, scenario, clicked, n));
    }
    Files.write(folder.resolve("log.csv"), log);
    // The next day brings two items more.
    List<String> next = new ArrayList<>(log.subList(0, 3_000));
    next.add("u1,i%d,feed,1,6001".formatted(ALL));
    next.add("u1,i%d,feed,0,6002".formatted(ALL + 1));
    Files.write(folder.resolve("next.csv"), next);
    Experiment experiment = experiment("work", "log.csv");
    experiment.check();
    experiment.prepare(false, Progress.NONE);
    experiment.extract(false, Progress.NONE);
    bundle = experiment.train("items", Progress.NONE).bundle();
  }

  private static boolean isTea(int item) {
    return item % 2 == 0;
  }

  private static Experiment experiment(String workspace, String log, String... overrides)
      throws IOException {
    return of(EXPERIMENT.formatted(workspace, log), overrides);
  }

  private static Experiment of(String yaml, String... overrides) throws IOException {
    Path file = folder.resolve(Integer.toHexString(yaml.hashCode()) + ".yaml");
    Files.writeString(file, yaml);
    return Experiment.fromYaml(file, overrides);
  }

  private static String without(String... lines) {
    String yaml = EXPERIMENT.formatted("work", "log.csv");
    for (String line : lines) {
      assertThat(yaml).contains(line);
      yaml = yaml.replace(line, "");
    }
    return yaml;
  }

  /** Items have no field but that of their id, which reads their vectors where it knows nothing. */
  private static Experiment cold(String workspace, String log, String... overrides)
      throws IOException {
    String yaml =
        EXPERIMENT.replace("itemKnowledge: {}", "coldItems: { field: item_id, dropout: 0.5 }");
    return of(yaml.formatted(workspace, log), overrides);
  }

  private static double testAuc(Experiment experiment, String run) {
    return experiment.evaluate(run, Split.TEST, null, Progress.NONE).result().overall().auc();
  }

  /** Two rates of two thirds and one sixth have an AUC of 3/4; without text there is nothing. */
  @Test
  void unseenItemsAreRankedByTheirTexts() throws IOException {
    Experiment plain = of(without("  itemKnowledge: {}\n"));
    plain.train("plain", Progress.NONE);

    assertThat(testAuc(plain, "plain")).isBetween(0.44, 0.56);
    assertThat(testAuc(experiment("work", "log.csv"), "items")).isBetween(0.70, 0.80);
  }

  @Test
  void unseenItemsAreRankedByTheirTextsInThePlaceOfTheirIds() throws IOException {
    Experiment experiment =
        cold("work", "log.csv", "model.coldItems.halfAt=0", "model.coldItems.form=mix");
    experiment.train("cold", Progress.NONE);

    // Training has all ids of its rows, so that dropout alone has taught what vectors mean.
    assertThat(testAuc(experiment, "cold")).isBetween(0.70, 0.80);
  }

  /** Who has the vector of another item of which training had no row is scored as that one. */
  @Test
  void aNewItemIsReadInThePlaceOfItsId() throws IOException {
    Path own = cold("work", "log.csv").train("places", Progress.NONE).bundle();
    float[] vector = new float[32];
    assertThat(Bundle.open(own).knowledge().items().read("i" + KNOWN, vector)).isTrue();
    Map<String, Object> brought = new HashMap<>(row("i" + ALL));
    brought.put("item_vector", vector);

    try (Scorer scorer = Scorer.load(own)) {
      float[] scores =
          scorer.score(List.of(row("i" + ALL), row("i" + KNOWN), brought, row("i" + (ALL + 1))));
      assertThat(scores[2]).isEqualTo(scores[1], within(1e-6f));
      assertThat(scores[0]).isEqualTo(scores[3]);
      assertThat(Math.abs(scores[0] - scores[1])).isGreaterThan(0.01f);
    }
  }

  /** The rows of both days count, so that an item of the first day is less cold on the second. */
  @Test
  void aModelThatGoesOnCountsTheRowsOfBothDays() throws IOException {
    Path first = cold("work", "log.csv").train("first-day", Progress.NONE).bundle();
    Experiment second = cold("second", "next.csv");
    second.prepare(false, first, Progress.NONE);
    second.extract(false, Progress.NONE);
    Path bundle =
        second.train("second-day", new TrainingOptions(null, first), Progress.NONE).bundle();

    Map<String, Float> before = rows(first);
    Map<String, Float> seen = rows(folder.resolve("second/prepared"));
    Map<String, Integer> counted = new HashMap<>();
    List<String> log = Files.readAllLines(folder.resolve("next.csv"));
    for (String line : log.subList(1, 1 + (log.size() - 1) * 4 / 6)) {
      counted.merge(line.split(",")[1], 1, Integer::sum);
    }
    assertThat(rows(bundle)).isEqualTo(seen).isNotEqualTo(before).hasSizeGreaterThan(30);
    seen.forEach(
        (item, rows) ->
            assertThat(rows).isEqualTo(before.getOrDefault(item, 0f) + counted.get(item)));
  }

  /** Returns the training rows of each item that prepared data or a bundle knows. */
  private static Map<String, Float> rows(Path data) {
    RowEncoder encoder = RowEncoder.open(BundleModel.data(data));
    PreparedField field =
        encoder.manifest().fields().stream()
            .filter(each -> each.name().equals("item_id"))
            .findFirst()
            .orElseThrow();
    List<String> values = PreparedIds.open(BundleModel.data(data)).values(field);
    float[] rows = encoder.valueRows(field);
    Map<String, Float> byItem = new HashMap<>();
    for (int id = 1; id < rows.length; id++) {
      byItem.put(values.get(id - 1), rows[id]);
    }
    return byItem;
  }

  @Tag("slow")
  @ParameterizedTest
  @ValueSource(
      strings = {
        "{name: hierarchical}",
        "{name: concat, levels: [item]}",
        "{name: concat, levels: [user, scenario, item], width: 4}",
        "{name: epnet}"
      })
  void headsReadItemsToo(String head) throws IOException {
    Experiment experiment = experiment("work", "log.csv", "model.fusion=" + head);
    String run = "run-" + Integer.toHexString(head.hashCode());
    experiment.train(run, Progress.NONE);

    assertThat(testAuc(experiment, run)).isBetween(0.70, 0.80);
  }

  @ParameterizedTest
  @ValueSource(strings = {"mean", "zero", "learned"})
  void aBundleScoresAsItWasEvaluated(String missing) throws IOException {
    Experiment experiment =
        experiment(
            "work",
            "log.csv",
            "knowledge.items.missing=" + missing,
            "model.itemKnowledge.width=6",
            "model.coldItems={field: item_id, halfAt: 100, form: %s}"
                .formatted(missing.equals("zero") ? "mix" : "sum"),
            "knowledge.components=3");
    Path own = experiment.train(missing, Progress.NONE).bundle();
    Path predictions = folder.resolve(missing + ".arrow");
    experiment.evaluate(missing, Split.TEST, predictions, Progress.NONE);
    List<String> log = Files.readAllLines(folder.resolve("log.csv"));
    List<Map<String, String>> rows = new ArrayList<>();
    for (String line : log.subList(5_001, 6_001)) {
      String[] values = line.split(",");
      rows.add(Map.of("user", values[0], "item", values[1], "scenario", values[2]));
    }

    try (Scorer scorer = Scorer.load(own)) {
      assertThat(scorer.score(rows))
          .containsExactly(BundleTest.floats(predictions, "probability"), within(1e-6f));
    }
  }

  @Test
  void anItemThatIsNewIsScoredWithItsVectorFromAStoreOrTheRow() throws IOException {
    Experiment next = experiment("next", "next.csv");
    next.prepare(false, Progress.NONE);
    next.extract(false, Progress.NONE);
    Path stored = folder.resolve("next/knowledge");
    KnowledgeStore store = KnowledgeStore.open(stored);
    List<Map<String, Object>> rows = List.of(row("i" + ALL), row("i" + (ALL + 1)));
    List<Map<String, Object>> withVectors = new ArrayList<>();
    for (Map<String, Object> row : rows) {
      float[] vector = new float[32];
      assertThat(store.items().read(row.get("item").toString(), vector)).isTrue();
      Map<String, Object> own = new HashMap<>(row);
      own.put("item_vector", vector);
      withVectors.add(own);
    }
    try (Scorer scorer = Scorer.load(bundle)) {
      float[] unknown = scorer.score(rows);
      assertThat(unknown[0]).isEqualTo(unknown[1]);
      float[] given = scorer.score(withVectors);
      scorer.readNewItems(stored);

      assertThat(given[0]).isGreaterThan(given[1] + 0.1f);
      assertThat(scorer.score(rows)).containsExactly(given, within(1e-6f));
      // A vector is given for one row alone.
      assertThat(scorer.score(List.of(row("i" + ALL), withVectors.get(1)))[1])
          .isEqualTo(given[1], within(1e-6f));
    }
  }

  @Test
  void inspectionNamesTheVectorThatRowsMayBring() {
    assertThat(InProcess.run("bundle", "inspect", bundle.toString()))
        .containsPattern("may have columns .*item_vector \\(vector\\([0-9]+\\)\\)")
        .containsPattern("without item_vector +the vector stored for the item counts;")
        .doesNotContain("without time");
  }

  @Test
  void theCommandLineScoresNewItemsToo() throws IOException {
    Experiment next = experiment("next", "next.csv");
    next.prepare(false, Progress.NONE);
    next.extract(false, Progress.NONE);
    Path rows = folder.resolve("new.csv");
    Files.writeString(
        rows, "user,item,scenario\nu1,i%d,feed\nu1,i%d,feed\n".formatted(ALL, ALL + 1));
    Path scores = folder.resolve("scores.csv");

    InProcess.run(
        "score",
        bundle.toString(),
        "--in",
        rows.toString(),
        "--out",
        scores.toString(),
        "--knowledge",
        folder.resolve("next/knowledge").toString());

    List<String> lines = Files.readAllLines(scores);
    assertThat(score(lines.get(1))).isGreaterThan(score(lines.get(2)) + 0.1);
  }

  private static double score(String line) {
    return Double.parseDouble(line.substring(line.lastIndexOf(',') + 1));
  }

  @Test
  void vectorsOfAnotherSizeAndOtherStoresAreRefused() throws IOException {
    Map<String, Object> row = new HashMap<>(row("i1"));
    row.put("item_vector", List.of(1, 2));
    Experiment other = experiment("other", "log.csv", "knowledge.encoder.dimension=16");
    other.prepare(false, Progress.NONE);
    other.extract(false, Progress.NONE);
    try (Scorer scorer = Scorer.load(bundle)) {
      assertThatThrownBy(() -> scorer.score(List.of(row)))
          .hasMessageContaining("Column 'item_vector'")
          .hasMessageContaining("2 numbers in row 0; expected 32");
      assertThatThrownBy(() -> scorer.readNewItems(folder.resolve("other/knowledge")))
          .hasMessageContaining("[knowledge/STORE_MISMATCH]")
          .hasMessageContaining("dimension was 32 and is now 16");
    }
  }

  /** The vector of an item says nothing of the user, whose rows it would decide. */
  @Test
  void itemsStandInForFieldsOfItemsAlone() throws IOException {
    String rule =
        "does not describe items, whose vectors would stand in it; fields that do are [item_id]."
            + " Name one of them, or give it the role item if it describes them.";
    String setting = "model.coldItems={field: user_id}";
    assertThatThrownBy(() -> of(without(), setting).check())
        .hasMessageContaining(
            "model.coldItems.field = user_id (-Dmodel.coldItems): "
                + rule.substring(0, rule.length() - 1));
    assertThatThrownBy(() -> of(without(), setting).train("no", Progress.NONE))
        .hasMessage("[model/COLD_ITEMS] model.coldItems.field is 'user_id', which " + rule);
    assertThat(folder.resolve("work/runs/no")).doesNotExist();
  }

  @Test
  void whatReadsItemsIsRefusedWithoutThem() throws IOException {
    assertThatThrownBy(() -> of(without("  items: {}\n")).check())
        .hasMessageContaining("model.itemKnowledge")
        .hasMessageContaining("there is no section knowledge.items");
    assertThatThrownBy(
            () ->
                of(
                        without("  items: {}\n", "  itemKnowledge: {}\n"),
                        "model.coldItems={field: item_id}")
                    .check())
        .hasMessageContaining("model.coldItems")
        .hasMessageContaining("there is no section knowledge.items");
    assertThatThrownBy(
            () ->
                of(
                        without("  items: {}\n", "  itemKnowledge: {}\n"),
                        "model.fusion={name: concat, levels: [item]}")
                    .check())
        .hasMessageContaining("model.fusion.name")
        .hasMessageContaining("there is no section knowledge.items");
  }

  private static Map<String, Object> row(String item) {
    return Map.of("user", "u5", "item", item, "scenario", "feed");
  }
}
