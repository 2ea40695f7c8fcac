package org.llm4msr.endtoend;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.bundle.Bundle;
import org.llm4msr.runtime.config.labels.LabelConfig;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.data.rows.RawRows;
import org.llm4msr.runtime.evaluation.LabelMetrics;
import org.llm4msr.runtime.evaluation.Metrics;
import org.llm4msr.runtime.experiment.EvaluationReport;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.experiment.TrainingOptions;
import org.llm4msr.runtime.experiment.TrainingReport;
import org.llm4msr.runtime.report.DataTables;
import org.llm4msr.runtime.report.DataTables.ReportTable;
import org.llm4msr.runtime.report.RunReport;
import org.llm4msr.runtime.scoring.RowScores;
import org.llm4msr.runtime.scoring.Scorer;
import org.llm4msr.runtime.scoring.ScoringRequest;
import org.llm4msr.server.json.JsonAnswer;
import org.llm4msr.server.ranking.RankAnswer;
import org.llm4msr.server.ranking.RankCall;
import org.llm4msr.serving.compiler.Compiler;
import org.llm4msr.serving.ranker.RankItem;
import org.llm4msr.serving.ranker.RankRequest;
import org.llm4msr.serving.ranker.RankResult;
import org.llm4msr.serving.ranker.Ranker;

/** A log of several labels, from files to evaluations, scores and the next day's model. */
class LabelsTest {

  private static final List<String> SCENARIOS = List.of("feed", "search");
  private static final String LIKE = "like: {weight: 0.5, hidden: [4]}";
  private static final String BUY = "buy: {after: label, hidden: []}";
  private static final String LABELS = "model.labels={%s, %s}".formatted(LIKE, BUY);

  @TempDir static Path folder;
  private static SmallShop shop;
  private static Experiment experiment;
  private static TrainingReport report;
  private static EvaluationReport evaluation;
  private static final List<Map<String, String>> PREDICTIONS = new ArrayList<>();

  @BeforeAll
  static void train() throws IOException {
    shop = shop("log", 1, 1000);
    experiment = open(shop, LABELS);
    experiment.prepare(false, Progress.NONE);
    report = experiment.train("one", Progress.NONE);
    Path file = folder.resolve("predictions.csv");
    evaluation = experiment.evaluate("one", Split.TEST, file, Progress.NONE);
    PREDICTIONS.addAll(table(file));
  }

  /** Likes are not known in search, and purchases come after label 1. */
  private static SmallShop shop(String name, long seed, int firstTime) throws IOException {
    SmallShop shop = SmallShop.write(folder.resolve(name), seed, firstTime, 2400, 60, SCENARIOS);
    List<String> lines = new ArrayList<>(List.of(SmallShop.COLUMNS + ",like,spent"));
    for (String row : shop.rows()) {
      String[] cells = row.split(",", -1);
      int user = Integer.parseInt(cells[0]);
      int item = Integer.parseInt(cells[1].substring(1));
      String like = cells[2].equals("search") ? "" : (user + item) % 3 == 0 ? "1" : "0";
      boolean bought = cells[3].equals("1") && item % 2 == 0;
      lines.add("%s,%s,%s".formatted(row, like, bought ? "9.5" : "0"));
    }
    Path raw = shop.experiment().resolveSibling("raw/inter.csv");
    Files.write(raw, lines);
    String yaml = Files.readString(shop.experiment());
    Files.writeString(
        shop.experiment(),
        yaml.replace(
                "time: time\n",
                "time: time\n  labels: [{name: like}, {name: buy, column: spent, positiveAbove: 0}]\n")
            .replace("epochs: 2, batchSize: 256", "epochs: 6, batchSize: 64"));
    return shop;
  }

  private static Experiment open(SmallShop shop, String... overrides) {
    List<String> all = new ArrayList<>(List.of(overrides));
    all.add("model.backbone={name: shared-bottom, bottom: [16], tower: [8]}");
    if (Arrays.stream(overrides).noneMatch(o -> o.startsWith("model.fusion"))) {
      all.add("model.fusion=none");
    }
    return Experiment.fromYaml(shop.experiment(), all.toArray(String[]::new));
  }

  private static List<Map<String, String>> table(Path csv) throws IOException {
    List<String> lines = Files.readAllLines(csv);
    String[] names = lines.get(0).split(",");
    List<Map<String, String>> rows = new ArrayList<>();
    for (String line : lines.subList(1, lines.size())) {
      String[] cells = line.split(",", -1);
      Map<String, String> row = new HashMap<>();
      for (int i = 0; i < names.length; i++) {
        row.put(names[i], cells[i]);
      }
      rows.add(row);
    }
    return rows;
  }

  /** The share of pairs in the right order, and the mean of logarithms, pair by pair. */
  private static void assertMeasured(
      Metrics metrics, String label, Predicate<Map<String, String>> of) {
    List<Map<String, String>> rows =
        PREDICTIONS.stream()
            .filter(of)
            .filter(row -> !row.get("label_" + label).isEmpty())
            .toList();
    double right = 0;
    double pairs = 0;
    double loss = 0;
    for (Map<String, String> row : rows) {
      double p = Double.parseDouble(row.get("probability_" + label));
      boolean positive = row.get("label_" + label).equals("1");
      loss -= Math.log(positive ? p : 1 - p);
      for (Map<String, String> other : rows) {
        if (positive && other.get("label_" + label).equals("0")) {
          double q = Double.parseDouble(other.get("probability_" + label));
          right += p > q ? 1 : p == q ? 0.5 : 0;
          pairs++;
        }
      }
    }
    assertThat(metrics.rows()).isEqualTo(rows.size());
    assertThat(metrics.auc()).isCloseTo(right / pairs, within(1e-12));
    assertThat(metrics.logLoss()).isCloseTo(loss / rows.size(), within(1e-6));
  }

  @Test
  void evaluationMeasuresEachLabelWhereItIsKnown() {
    List<LabelMetrics> labels = evaluation.result().labels();

    assertThat(labels).extracting(LabelMetrics::label).containsExactly("like", "buy");
    LabelMetrics like = labels.get(0);
    LabelMetrics buy = labels.get(1);
    int feed = evaluation.scenarioNames().indexOf("feed");
    assertMeasured(like.overall(), "like", row -> true);
    assertMeasured(buy.overall(), "buy", row -> true);
    for (int s = 0; s < 2; s++) {
      String scenario = evaluation.scenarioNames().get(s);
      assertMeasured(
          buy.scenarios().get(s), "buy", row -> row.get("scenario_key").equals(scenario));
    }
    assertThat(like.scenarios().get(1 - feed).rows()).isZero();
    assertThat(like.scenarios().get(feed).rows()).isEqualTo(like.overall().rows()).isPositive();
    assertThat(buy.overall().rows()).isEqualTo(400);
    // They learn: a constant would have 0.5.
    assertThat(buy.overall().auc()).isGreaterThan(0.75);
  }

  /** ESMM: whoever buys has clicked, so no purchase is more probable than the click. */
  @Test
  void whatComesAfterAnotherLabelIsLessProbable() throws IOException {
    Experiment off = open(shop, LABELS, "training.calibration=off");
    off.train("off", Progress.NONE);
    Path file = folder.resolve("off.csv");
    off.evaluate("off", Split.TEST, file, Progress.NONE);

    assertThat(table(file))
        .hasSize(400)
        .allSatisfy(
            row ->
                assertThat(Double.parseDouble(row.get("probability_buy")))
                    .isLessThanOrEqualTo(Double.parseDouble(row.get("probability"))));
  }

  @Test
  void theMainLabelIsAllThatTrainingLooksAt() {
    double best = report.result().best().result().overall().auc();
    EvaluationReport validation = experiment.evaluate("one", Split.VALIDATION, null, Progress.NONE);

    assertThat(report.result().best().result().labels()).isEmpty();
    assertThat(validation.uncalibrated().overall().auc()).isEqualTo(best);
    assertThat(new RunReport(experiment, "one").page().html())
        .contains("id=\"further\"", ">like</td>", ">buy</td>");
  }

  @Test
  void aBundleScoresAllLabels() throws IOException {
    Path in = folder.resolve("rows.csv");
    List<String> lines = new ArrayList<>(List.of(SmallShop.COLUMNS));
    List<String> tested = shop.rows().subList(2000, 2400);
    lines.addAll(tested);
    Files.write(in, lines);
    Path out = folder.resolve("scores.csv");
    try (Scorer scorer = Scorer.load(report.bundle())) {
      assertThat(scorer.labels()).containsExactly("like", "buy");
      scorer.score(new ScoringRequest(in, out), Progress.NONE);
      RowScores few =
          scorer.scoreLabels(
              RawRows.of(WarmStartTest.rows(shop).skip(2000).limit(3).toList()), 0, null);

      List<Map<String, String>> scores = table(out);
      assertThat(scores).hasSize(400);
      for (int i = 0; i < 400; i++) {
        Map<String, String> expected = PREDICTIONS.get(i);
        assertClose(scores.get(i).get("score"), expected.get("probability"));
        assertClose(scores.get(i).get("score_like"), expected.get("probability_like"));
        assertClose(scores.get(i).get("score_buy"), expected.get("probability_buy"));
      }
      for (int i = 0; i < 3; i++) {
        assertThat(few.further()[1][i])
            .isCloseTo(Float.parseFloat(scores.get(i).get("score_buy")), within(1e-5f));
      }
    }
  }

  private static void assertClose(String found, String expected) {
    assertThat(Double.parseDouble(found)).isCloseTo(Double.parseDouble(expected), within(2e-6));
  }

  /** The graphs give what the towers give, and the server hands it on. */
  @Test
  void aCompiledModelRanksWithAllLabels() throws Exception {
    Path compiled = folder.resolve("compiled");
    new Compiler(ServedShop.loader()).compile(Bundle.open(report.bundle()), compiled);
    List<RankItem> items = IntStream.range(0, 40).mapToObj(i -> new RankItem("i" + i)).toList();
    Map<String, Object> context = Map.of("hour", 3, "price", 12.5, "tags", List.of("a"));
    RankRequest request = new RankRequest(17, "feed", items).with(context);
    List<Map<String, Object>> rows = new ArrayList<>();
    for (RankItem item : items) {
      Map<String, Object> row = new HashMap<>(context);
      row.putAll(Map.of("user", 17, "scenario", "feed", "item", item.id()));
      rows.add(row);
    }
    try (Scorer scorer = Scorer.load(report.bundle());
        Ranker graphs = Ranker.open(compiled);
        Ranker engine = Ranker.open(report.bundle())) {
      RowScores expected = scorer.scoreLabels(RawRows.of(rows), 0, null);
      assertThat(graphs.isCompiled()).isTrue();
      assertThat(engine.isCompiled()).isFalse();
      for (Ranker ranker : List.of(graphs, graphs, engine)) {
        assertThat(ranker.labels()).containsExactly("like", "buy");
        RankResult result = ranker.rank(request);
        for (int i = 0; i < items.size(); i++) {
          assertThat(result.probability(i)).isCloseTo(expected.scores()[i], within(1e-5f));
          for (int label = 0; label < 2; label++) {
            assertThat(result.probability(label, i))
                .isCloseTo(expected.further()[label][i], within(1e-5f));
          }
        }
      }
      RankCall call = new RankCall("one", "main", 1, false, request);
      String json =
          new String(
              JsonAnswer.of(new RankAnswer(call, "main", "v1", graphs, graphs.rank(request), null)),
              UTF_8);
      JsonNode best = ServedShop.JSON.readTree(json).at("/items/0");
      assertThat(best.at("/labels/buy").floatValue())
          .isCloseTo(expected.further()[1][best.path("place").asInt()], within(1e-5f));
      assertThat(best.path("labels")).hasSize(2);
    }
  }

  @Test
  void inspectionTellsWhereTheyAreKnownAndHowRareTheyAre() {
    List<String> trained = shop.rows().subList(0, 1600);
    long feed = trained.stream().filter(row -> row.contains(",feed,")).count();
    long liked =
        trained.stream()
            .map(row -> row.split(",", -1))
            .filter(c -> c[2].equals("feed"))
            .filter(c -> (Integer.parseInt(c[0]) + Integer.parseInt(c[1].substring(1))) % 3 == 0)
            .count();

    ReportTable table =
        new DataTables(experiment.inspectData(Progress.NONE))
            .all().stream().filter(t -> t.id().equals("further-labels")).findFirst().orElseThrow();

    assertThat(table.rows()).hasSize(4);
    assertThat(table.rows())
        .filteredOn(row -> row.get(0).equals("like") && row.get(1).equals("feed"))
        .singleElement()
        .satisfies(
            row ->
                assertThat(row.subList(2, 4))
                    .containsExactly(
                        String.format(Locale.ROOT, "%,d", feed),
                        String.format(Locale.ROOT, "%.2f %%", 100.0 * liked / feed)));
    assertThat(table.rows())
        .filteredOn(row -> row.get(0).equals("like") && row.get(1).equals("search"))
        .singleElement()
        .satisfies(row -> assertThat(row.subList(2, 4)).containsExactly("0", "-"));
  }

  /** A model of the main label alone reads the same data, and the bundle has no other scores. */
  @Test
  void labelsOfTheDataAreLearnedOnlyWhereTheModelNamesThem() {
    Experiment plain = open(shop);
    TrainingReport trained = plain.train("plain", Progress.NONE);
    EvaluationReport measured = plain.evaluate("plain", Split.TEST, null, Progress.NONE);

    assertThat(measured.result().labels()).isEmpty();
    try (Scorer scorer = Scorer.load(trained.bundle())) {
      assertThat(scorer.labels()).isEmpty();
    }
  }

  /** The next day has a label of its own beside the likes that it takes over. */
  @Test
  void theNextDayGoesOnWithTheTowers() throws IOException {
    SmallShop next = shop("next", 2, 90_000);
    Experiment second = open(next, LABELS, "training.epochs=1");
    second.prepare(false, report.bundle(), Progress.NONE);

    second.train(
        "next", new TrainingOptions(null, report.bundle(), false, List.of()), Progress.NONE);
    EvaluationReport warm = second.evaluate("next", Split.TEST, null, Progress.NONE);
    second.train("cold", Progress.NONE);
    EvaluationReport cold = second.evaluate("cold", Split.TEST, null, Progress.NONE);

    assertThat(warm.result().labels().get(1).overall().auc())
        .isGreaterThan(cold.result().labels().get(1).overall().auc());
  }

  /** A head that changes the input of the backbone, and backbones without a hidden state. */
  @Test
  void enhancedModelsAndAllBackbonesLearnThem() {
    Experiment enhanced = open(shop, LABELS, "model.fusion=hierarchical", "training.epochs=1");
    enhanced.extract(false, Progress.NONE);
    enhanced.train("enhanced", Progress.NONE);
    EvaluationReport measured = enhanced.evaluate("enhanced", Split.TEST, null, Progress.NONE);

    assertThat(measured.result().labels()).hasSize(2);
  }

  /** Half of the users have a like in the training part, all have a label 1. */
  @Test
  void promptsAndHistoryCountTheConfiguredLabel() {
    String[] liked = {
      LABELS,
      "model.fusion=hierarchical",
      "training.epochs=1",
      "workspace=" + folder.resolve("liked"),
      "knowledge.prompts.positive=like",
      "knowledge.items={}",
      "knowledge.history={positive: like, length: 5, bins: 3}"
    };
    Experiment other = open(shop, liked);
    other.prepare(false, Progress.NONE);
    long likers =
        shop.rows().stream()
            .limit(1600)
            .map(row -> row.split(",", -1))
            .filter(c -> c[2].equals("feed"))
            .filter(c -> (Integer.parseInt(c[0]) + Integer.parseInt(c[1].substring(1))) % 3 == 0)
            .map(c -> c[0])
            .distinct()
            .count();

    assertThat(other.extract(false, Progress.NONE).users().read()).isEqualTo(likers);
    TrainingReport trained = other.train("liked", Progress.NONE);
    try (Scorer scorer = Scorer.load(trained.bundle())) {
      assertThat(scorer.labels()).hasSize(2);
    }
    assertThatThrownBy(open(shop, "knowledge.prompts.positive=share")::check)
        .hasMessageContaining("knowledge.prompts.positive = share")
        .hasMessageContaining("label, the main one, and the further labels [like, buy]");
  }

  @Test
  void settingsOfALabelAreSetByKey() {
    LabelConfig like =
        open(shop, LABELS, "model.labels.like.weight=0.25")
            .config()
            .config()
            .model()
            .labels()
            .get("like");

    assertThat(like).isEqualTo(new LabelConfig(0.25, null, List.of(4)));
  }

  @Test
  void checksSayWhatTheDataDoesNotHave() {
    Experiment unknown = open(shop, "model.labels={share: {}}");

    assertThatThrownBy(() -> unknown.train("share", Progress.NONE))
        .isInstanceOf(MsrException.class)
        .hasMessageContaining("model.labels.share: the data has the further labels [like, buy]");
    assertThatThrownBy(unknown::check)
        .hasMessageContaining("model.labels.share")
        .hasMessageContaining("[like, buy]");
  }
}
