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
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.bundle.Bundle;
import org.llm4msr.runtime.calibration.Calibration;
import org.llm4msr.runtime.calibration.CalibrationFit;
import org.llm4msr.runtime.config.labels.LabelConfig;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.data.rows.RawRows;
import org.llm4msr.runtime.evaluation.LabelMetrics;
import org.llm4msr.runtime.evaluation.Metrics;
import org.llm4msr.runtime.evaluation.SlicedMetrics;
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

  private static final String LABELS = LabelledShop.LABELS;

  @TempDir static Path folder;
  private static SmallShop shop;
  private static Experiment experiment;
  private static TrainingReport report;
  private static EvaluationReport evaluation;
  private static SmallShop next;
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
    next = shop("next", 2, 90_000);
    open(next).prepare(false, report.bundle(), Progress.NONE);
  }

  private static SmallShop shop(String name, long seed, int firstTime) throws IOException {
    return LabelledShop.write(folder.resolve(name), seed, firstTime);
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

  /** The same slices as those of the main label, by what the training part has of the items. */
  @Test
  void slicesMeasureEachLabel() {
    Map<String, Long> seen =
        shop.rows().subList(0, 1600).stream()
            .map(row -> row.split(",", -1)[1])
            .collect(Collectors.groupingBy(item -> item, Collectors.counting()));
    for (LabelMetrics label : evaluation.result().labels()) {
      assertThat(label.slices()).extracting(SlicedMetrics::name).contains("item-rows");
      SlicedMetrics sliced =
          label.slices().stream().filter(s -> s.name().equals("item-rows")).findFirst().get();
      Metrics many = sliced.slices().get(2);
      assertThat(many.name()).isEqualTo("5+");
      assertMeasured(many, label.label(), row -> seen.getOrDefault(row.get("item_key"), 0L) >= 5);
      assertThat(many.rows()).isPositive();
    }
  }

  /** Each label has a line a scenario: its own fit to the validation rows that know it. */
  @Test
  void eachLabelIsCalibratedByItself() throws IOException {
    List<Map<String, String>> validation = uncalibrated(Split.VALIDATION);
    List<Map<String, String>> test = uncalibrated(Split.TEST);
    Calibration calibration = Bundle.open(report.bundle()).manifest().calibration();

    assertThat(calibration).isEqualTo(report.calibration());
    assertThat(calibration.labels()).containsOnlyKeys("like", "buy");
    List<String> keys = calibration.scenarios().stream().map(Calibration.Line::scenario).toList();
    for (String label : List.of("like", "buy")) {
      CalibrationFit fit = new CalibrationFit(keys);
      for (Map<String, String> row : validation) {
        if (!row.get("label_" + label).isEmpty()) {
          int[] scenario = {keys.indexOf(row.get("scenario_key"))};
          float[] value = {Float.parseFloat(row.get("label_" + label))};
          fit.add(1, scenario, value, new float[] {(float) logit(row, label)});
        }
      }
      List<Calibration.Line> lines = calibration.labels().get(label);
      for (int s = 0; s < 2; s++) {
        Calibration.Line fitted = fit.result().scenarios().get(s);
        Calibration.Line expected =
            fitted.rows() > 0 ? fitted : new Calibration.Line(keys.get(s), 1, 0, 0);
        assertThat(lines.get(s).slope()).isCloseTo(expected.slope(), within(1e-3));
        assertThat(lines.get(s).offset()).isCloseTo(expected.offset(), within(1e-3));
        assertThat(lines.get(s).rows()).isEqualTo(expected.rows());
      }
      for (int i = 0; i < 400; i++) {
        Calibration.Line line = lines.get(keys.indexOf(test.get(i).get("scenario_key")));
        double score = line.slope() * logit(test.get(i), label) + line.offset();
        assertThat(Double.parseDouble(PREDICTIONS.get(i).get("probability_" + label)))
            .isCloseTo(1 / (1 + Math.exp(-score)), within(1e-5));
      }
    }
    assertThat(evaluation.uncalibrated().labels())
        .extracting(LabelMetrics::label)
        .containsExactly("like", "buy");
    assertThat(evaluation.uncalibrated().labels().get(1).overall().logLoss())
        .isNotEqualTo(evaluation.result().labels().get(1).overall().logLoss());
  }

  private static double logit(Map<String, String> row, String label) {
    double p = Double.parseDouble(row.get("probability_" + label));
    return Math.log(p / (1 - p));
  }

  /** Returns the predictions of the same model without calibration. */
  private static List<Map<String, String>> uncalibrated(Split split) throws IOException {
    Experiment off = open(shop, LABELS, "training.calibration=off");
    off.train("off", Progress.NONE); // Once: it is finished the next time.
    Path file = folder.resolve("off-%s.csv".formatted(split.key()));
    EvaluationReport measured = off.evaluate("off", split, file, Progress.NONE);
    assertThat(measured.uncalibrated()).isNull();
    return table(file);
  }

  /** ESMM: whoever buys has clicked, so no purchase is more probable than the click. */
  @Test
  void whatComesAfterAnotherLabelIsLessProbable() throws IOException {
    assertThat(uncalibrated(Split.TEST))
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
    Experiment plain = open(shop, "training.epochs=1");
    TrainingReport trained = plain.train("plain", Progress.NONE);
    EvaluationReport measured = plain.evaluate("plain", Split.TEST, null, Progress.NONE);

    assertThat(measured.result().labels()).isEmpty();
    try (Scorer scorer = Scorer.load(trained.bundle())) {
      assertThat(scorer.labels()).isEmpty();
    }
  }

  /** The next day has a label of its own beside the likes that it takes over. */
  @Test
  void theNextDayGoesOnWithTheTowers() {
    Experiment second = open(next, LABELS, "training.epochs=1");

    second.train(
        "next", new TrainingOptions(null, report.bundle(), false, List.of()), Progress.NONE);
    EvaluationReport warm = second.evaluate("next", Split.TEST, null, Progress.NONE);
    second.train("cold", Progress.NONE);
    EvaluationReport cold = second.evaluate("cold", Split.TEST, null, Progress.NONE);

    assertThat(warm.result().labels().get(1).overall().auc())
        .isGreaterThan(cold.result().labels().get(1).overall().auc());
  }

  /** How much a label counts is no part of what was learned; what its tower tells is. */
  @Test
  void theNextDayMayWeighLabelsOtherwise() {
    String few = "training.epochs=1";
    Experiment second = open(next, LABELS, "model.labels.like.weight=2", few);

    second.train(
        "weighed", new TrainingOptions(null, report.bundle(), false, List.of()), Progress.NONE);

    Experiment other = open(next, LABELS, "model.labels.buy.after=~", few);
    TrainingOptions from = new TrainingOptions(null, report.bundle(), false, List.of());
    assertThatThrownBy(() -> other.train("other", from, Progress.NONE))
        .hasMessageContaining("[bundle/OTHER_MODEL]")
        .hasMessageContaining("model.labels.buy.after");
  }

  @Test
  void productsOfHalfPrecisionLearnThemToo() {
    Experiment half = open(shop, LABELS, "training.precision=bfloat16");
    half.train("half", Progress.NONE);
    EvaluationReport measured = half.evaluate("half", Split.TEST, null, Progress.NONE);

    for (int label = 0; label < 2; label++) {
      assertThat(measured.result().labels().get(label).overall().auc())
          .isCloseTo(evaluation.result().labels().get(label).overall().auc(), within(0.03));
    }
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
