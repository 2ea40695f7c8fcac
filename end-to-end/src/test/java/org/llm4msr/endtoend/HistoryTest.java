package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.inject.Guice;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.compare.ComparisonResult;
import org.llm4msr.runtime.compare.ComparisonView;
import org.llm4msr.runtime.compare.Comparisons;
import org.llm4msr.runtime.compare.LabModule;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.experiment.EvaluationReport;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.experiment.Notice;
import org.llm4msr.runtime.experiment.RuntimeModule;
import org.llm4msr.runtime.explanation.Explanation;
import org.llm4msr.runtime.explanation.ExplanationRequest;
import org.llm4msr.runtime.report.RunReport;
import org.llm4msr.runtime.scoring.Scorer;

/** A shop where one half of the customers likes tea, the other lamps, and the items change. */
class HistoryTest {

  private static final String EXPERIMENT =
      TextShop.experiment(
          "work",
          "log.csv",
          "  history: { length: 10, bins: 4 }\n",
          "",
          "epochs: 2, batchSize: 64, optimizer: { learningRate: 0.02 }");

  /** The same with a model that reads no items. */
  private static final String USERS_ALONE =
      EXPERIMENT
          .replace("  items: {}\n  history: { length: 10, bins: 4 }\n", "")
          .replace("model:\n", "model:\n  fusion: { name: concat }\n");

  private static final ExplanationRequest REQUEST =
      new ExplanationRequest(null, null, null, Map.of(), Split.TEST, 0, 1);

  private static final int KNOWN = 100;
  private static final int ALL = 200;
  private static final int USERS = 150;

  @TempDir static Path folder;
  static List<String> log;
  static Path bundle;

  /** Two of three impressions of what a user likes are clicked, one of six of the rest. */
  @BeforeAll
  static void train() throws IOException {
    Random random = new Random(3);
    TextShop.writeItems(
        folder, ALL, item -> item % 2 == 0 ? "green tea leaves" : "bright desk lamp");
    log = new ArrayList<>(List.of(TextShop.COLUMNS));
    for (int n = 0; n < 6_000; n++) {
      int item = n < 5_000 ? random.nextInt(KNOWN) : KNOWN + random.nextInt(ALL - KNOWN);
      int user = random.nextInt(USERS);
      int clicked = random.nextInt(6) < (likes(user, item) ? 4 : 1) ? 1 : 0;
      String scenario = random.nextBoolean() ? "feed" : "search";
      log.add("u%d,i%d,%s,%d,%d".formatted(user, item, scenario, clicked, n));
    }
    Files.write(folder.resolve("log.csv"), log);
    Experiment experiment = experiment(EXPERIMENT);
    experiment.check();
    experiment.prepare(false, Progress.NONE);
    experiment.extract(false, Progress.NONE);
    bundle = experiment.train("history", Progress.NONE).bundle();
  }

  private static boolean likes(int user, int item) {
    return user % 2 == item % 2;
  }

  private static Experiment experiment(String yaml, String... overrides) throws IOException {
    Path file = folder.resolve(Integer.toHexString(yaml.hashCode()) + ".yaml");
    Files.writeString(file, yaml);
    return Experiment.fromYaml(file, overrides);
  }

  private static double testAuc(Experiment experiment, String run) {
    return experiment.evaluate(run, Split.TEST, null, Progress.NONE).result().overall().auc();
  }

  /** The taste alone has an AUC of 3/4; of items that are new, nothing else tells it. */
  @Test
  void newItemsAreRankedByWhatTheUserLikedBefore() throws IOException {
    Experiment plain = experiment(EXPERIMENT.replace("  history: { length: 10, bins: 4 }\n", ""));
    plain.train("plain", Progress.NONE);
    Experiment control = experiment(EXPERIMENT, "knowledge.control.item=random");
    control.train("control", Progress.NONE);

    assertThat(testAuc(plain, "plain")).isBetween(0.44, 0.56);
    assertThat(testAuc(control, "control")).isBetween(0.44, 0.56);
    assertThat(testAuc(experiment(EXPERIMENT), "history")).isBetween(0.70, 0.80);
  }

  @ParameterizedTest
  @ValueSource(strings = {"training", "row"})
  void aBundleScoresAsItWasEvaluated(String until) throws IOException {
    Experiment experiment =
        experiment(
            EXPERIMENT, "knowledge.history.until=" + until, "knowledge.history.negatives=false");
    Path own = experiment.train(until, Progress.NONE).bundle();
    Path predictions = folder.resolve(until + ".arrow");
    experiment.evaluate(until, Split.TEST, predictions, Progress.NONE);
    List<Map<String, Object>> rows = new ArrayList<>();
    for (String line : log.subList(5_001, 6_001)) {
      String[] values = line.split(",");
      Map<String, Object> row = row(values[0], values[1]);
      row.put("scenario", values[2]);
      row.put("time", Long.parseLong(values[4]) * 1000);
      rows.add(row);
    }

    try (Scorer scorer = Scorer.load(own)) {
      assertThat(scorer.score(rows))
          .containsExactly(BundleTest.floats(predictions, "probability"), within(1e-6f));
    }
  }

  @Test
  void laterPartsAreReadOnlyWhereTheSettingSaysSo() throws IOException {
    float[] training = predictions("history", "training");
    experiment(EXPERIMENT, "knowledge.history.until=row").train("until-row", Progress.NONE);
    assertThat(evaluated("until-row", "row").readsLaterParts()).isTrue();
    assertThat(evaluated("history", "training").readsLaterParts()).isFalse();

    assertThat(predictions("until-row", "row")).isNotEqualTo(training);
    assertThat(explained("until-row", "training").readsLaterParts()).isTrue();
    assertThat(explained("history", "row").readsLaterParts()).isFalse();
  }

  @Test
  void everyFileOfARunThatReadsLaterPartsSaysSo() throws IOException {
    Experiment leaky =
        experiment(
            EXPERIMENT.replace("workspace: work", "workspace: leaky"),
            "knowledge.prompts.leakFutureInteractions=true",
            "knowledge.history.until=row",
            "training.epochs=1");
    leaky.prepare(false, Progress.NONE);
    leaky.extract(false, Progress.NONE);
    Path run = leaky.train("both", Progress.NONE).run();
    leaky.evaluate("both", Split.TEST, null, Progress.NONE);
    leaky.explain("both", REQUEST, Progress.NONE);

    for (String file : List.of("provenance", "training", "evaluation-test", "explanation")) {
      JsonNode json = new ObjectMapper().readTree(run.resolve(file + ".json").toFile());
      assertThat(json.path("readsLaterParts").booleanValue()).as(file).isTrue();
    }
    assertThat(new RunReport(leaky, "both").page().warnings())
        .containsExactly(Notice.HISTORY.text(), Notice.LEAK.text());
  }

  private static Explanation explained(String run, String until) throws IOException {
    return experiment(EXPERIMENT, "knowledge.history.until=" + until)
        .explain(run, REQUEST, Progress.NONE);
  }

  private static EvaluationReport evaluated(String run, String until) throws IOException {
    return experiment(EXPERIMENT, "knowledge.history.until=" + until)
        .evaluate(run, Split.TEST, null, Progress.NONE);
  }

  private static float[] predictions(String run, String until) throws IOException {
    Path predictions = folder.resolve(run + "-rows.arrow");
    experiment(EXPERIMENT, "knowledge.history.until=" + until)
        .evaluate(run, Split.TEST, predictions, Progress.NONE);
    return BundleTest.floats(predictions, "probability");
  }

  private static Map<String, Object> event(int item, String scenario, int label) {
    return Map.of("item", "i" + item, "scenario", scenario, "label", label);
  }

  @Test
  void aRequestBringsThePastOfAUser() {
    Map<String, Object> unknown = row("somebody", "i100");
    Map<String, Object> likesTea = row("somebody", "i100");
    List<Object> teas = new ArrayList<>(List.of("i2", Map.of("item", "i4"), "none"));
    List<Object> lamps = new ArrayList<>(List.of("i1", Map.of("item", "i3")));
    for (int i = 6; i <= 20; i += 2) {
      String scenario = i % 4 == 0 ? "feed" : "search";
      teas.add(event(i, scenario, 1));
      teas.add(event(i - 1, scenario, 0));
      lamps.add(event(i - 1, scenario, 1));
      lamps.add(event(i, scenario, 0));
    }
    likesTea.put("history", teas);
    Map<String, Object> likesLamps = row("somebody", "i100");
    likesLamps.put("history", lamps);
    // Users with odd numbers like lamps; what a request says counts.
    List<Map<String, Object>> logged = new ArrayList<>();
    List<Map<String, Object>> replaced = new ArrayList<>();
    for (int user = 1; user < 40; user += 2) {
      logged.add(row("u" + user, "i100"));
      replaced.add(row("u" + user, "i100"));
      replaced.get(replaced.size() - 1).put("history", teas);
    }
    try (Scorer scorer = Scorer.load(bundle)) {
      float[] scores = scorer.score(List.of(unknown, likesTea, likesLamps));

      assertThat(scores[1]).isGreaterThan(scores[0]);
      assertThat(scores[2]).isLessThan(scores[0] - 0.2f);
      assertThat(mean(scorer.score(replaced))).isGreaterThan(mean(scorer.score(logged)) + 0.2);
    }
  }

  /** A key that is left out says less than a null, which is no time, as in training. */
  @Test
  void aRowReadsEventsBeforeItsTime() {
    Map<String, Object> without = row("u2", "i101");
    Map<String, Object> late = row("u2", "i101");
    late.put("time", 6_000_000L);
    Map<String, Object> unknown = row("u2", "i101");
    unknown.put("time", null);
    Map<String, Object> none = row("u2", "i101");
    none.put("history", List.of());
    try (Scorer scorer = Scorer.load(bundle)) {
      float[] scores = scorer.score(List.of(without, late, unknown, none));

      assertThat(scores[0]).isEqualTo(scores[1], within(1e-6f));
      assertThat(scores[2]).isEqualTo(scores[3], within(1e-6f));
      assertThat(scores[0]).isNotCloseTo(scores[2], within(0.01f));
    }
  }

  private static double mean(float[] scores) {
    double sum = 0;
    for (float score : scores) {
      sum += score;
    }
    return sum / scores.length;
  }

  @Test
  void aPastThatCannotBeReadIsRefusedByRowAndValue() {
    Map<String, Object> noList = row("u1", "i1");
    noList.put("history", 7);
    Map<String, Object> badLabel = row("u1", "i1");
    badLabel.put("history", List.of(Map.of("item", "i1", "label", 3)));
    Map<String, Object> noItem = row("u1", "i1");
    noItem.put("history", List.of(Map.of("scenario", "feed")));
    try (Scorer scorer = Scorer.load(bundle)) {
      assertThatThrownBy(() -> scorer.score(List.of(noList)))
          .hasMessageContaining("Column 'history' has '7' in row 0; expected a list of events");
      assertThatThrownBy(() -> scorer.score(List.of(row("u1", "i1"), badLabel)))
          .hasMessageContaining("in row 1; expected an event with the label 0 or 1");
      assertThatThrownBy(() -> scorer.score(List.of(noItem)))
          .hasMessageContaining("expected an event with an item");
    }
  }

  @Test
  void withoutTimeOrItemsThereIsNoHistory() throws IOException {
    String timeless =
        EXPERIMENT
            .replace("  time: time\n", "")
            .replace("by: time, ratio", "by: random, ratio")
            .replace("workspace: work", "workspace: timeless");
    Experiment without = experiment(timeless, "knowledge.history=null");
    without.prepare(false, Progress.NONE);
    without.extract(false, Progress.NONE);
    Experiment experiment = experiment(timeless);

    assertThatThrownBy(experiment::check)
        .hasMessageContaining("knowledge.history")
        .hasMessageContaining(
            "is what the user met before, but the data has no time. Name its column");
    assertThatThrownBy(() -> experiment.train("none", Progress.NONE))
        .hasMessageContaining("[data/NO_TIME]");
    assertThatThrownBy(() -> experiment(EXPERIMENT.replace("  items: {}\n", "")).check())
        .hasMessageContaining("knowledge.history")
        .hasMessageContaining("there is no section knowledge.items");
  }

  @Test
  void experimentsOfOneWorkspaceKeepEachOthersVectors() throws IOException {
    Experiment users = experiment(USERS_ALONE);
    assertThat(users.extract(false, Progress.NONE).read()).isZero();
    users.train("users", Progress.NONE);
    double auc = testAuc(users, "users");
    assertThat(testAuc(experiment(EXPERIMENT), "history")).isGreaterThan(0.7);

    assertThat(users.extract(true, Progress.NONE).info().items()).isZero();
    assertThatThrownBy(() -> experiment(EXPERIMENT).train("none", Progress.NONE))
        .hasMessageContaining("[knowledge/NO_ITEMS]")
        .hasMessageContaining("with a configuration that has a section knowledge.items");
    experiment(EXPERIMENT).extract(false, Progress.NONE);
    assertThat(testAuc(users, "users")).isEqualTo(auc);
    assertThat(testAuc(experiment(EXPERIMENT), "history")).isGreaterThan(0.7);
  }

  @Test
  void aComparisonExtractsWhatAllOfItsModelsRead() throws IOException {
    Files.writeString(
        folder.resolve("users.yaml"), USERS_ALONE.replace("workspace: work", "workspace: both"));
    Files.writeString(
        folder.resolve("items.yaml"), EXPERIMENT.replace("workspace: work", "workspace: both"));
    Path file = folder.resolve("both.yaml");
    Files.writeString(
        file,
        "experiments: [users.yaml, items.yaml]\nseeds: [1]\nsettings: {training.epochs: 1}\n");
    ComparisonResult result =
        Guice.createInjector(new LabModule(new RuntimeModule()))
            .getInstance(Comparisons.class)
            .open(file, List.of())
            .run(Split.TEST, ComparisonView.NONE);

    assertThat(result.failures()).isEmpty();
    assertThat(result.models()).hasSize(2);
  }

  private static Map<String, Object> row(String user, String item) {
    return new HashMap<>(Map.of("user", user, "item", item, "scenario", "feed"));
  }
}
