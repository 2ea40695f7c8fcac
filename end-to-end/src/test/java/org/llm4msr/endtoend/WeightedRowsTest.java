package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.google.inject.Guice;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.compare.ComparisonView;
import org.llm4msr.runtime.compare.Comparisons;
import org.llm4msr.runtime.compare.LabModule;
import org.llm4msr.runtime.compare.TuningResult;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.experiment.EvaluationReport;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.experiment.RuntimeModule;
import org.llm4msr.runtime.experiment.TrainingOptions;
import org.llm4msr.runtime.experiment.TrainingReport;
import org.llm4msr.runtime.report.DataTables;
import org.llm4msr.runtime.report.DataTables.ReportTable;
import org.llm4msr.runtime.report.RunReport;
import org.llm4msr.runtime.scoring.Scorer;
import org.llm4msr.runtime.training.TrainingResult.Labels;

/** A log whose rows say how much they count, from files to reports and to the next day's model. */
class WeightedRowsTest {

  private static final List<String> SCENARIOS = List.of("feed", "search");
  private static final int TRAINING_ROWS = 900;

  @TempDir static Path folder;
  private static SmallShop shop;
  private static Experiment experiment;
  private static TrainingReport report;

  @BeforeAll
  static void train() throws IOException {
    shop = SmallShop.write(folder.resolve("log"), 1, 1000, 1200, 60, SCENARIOS);
    write(shop, false);
    experiment = open(shop);
    experiment.prepare(false, Progress.NONE);
    report = experiment.train("one", Progress.NONE);
  }

  /**
   * Adds weights of 1, and of 4 for positives in "feed", and the given parts.
   *
   * @param twice whether each training row is followed by a copy that weighs nothing
   */
  private static void write(SmallShop shop, boolean twice) throws IOException {
    List<String> lines = new ArrayList<>(List.of(SmallShop.COLUMNS + ",part,counts"));
    for (int k = 0; k < shop.rows().size(); k++) {
      String row = shop.rows().get(k);
      boolean training = k < TRAINING_ROWS;
      String part = training ? "train" : k % 2 == 0 ? "validation" : "test";
      lines.add("%s,%s,%s".formatted(row, part, row.contains(",feed,1,") ? "4" : ""));
      if (twice && training) {
        lines.add("%s,train,0".formatted(row));
      }
    }
    Path folder = shop.experiment().getParent();
    Files.write(folder.resolve("raw/inter.csv"), lines);
    String yaml = Files.readString(shop.experiment());
    Files.writeString(
        shop.experiment(),
        yaml.replace("time: time\n", "time: time\n  partColumn: part\n  weight: counts\n")
            .replace("{by: time, ratio: [4, 1, 1]}", "{by: given}\n  minFrequency: 1")
            .replace("epochs: 2, batchSize: 256", "epochs: 4, batchSize: 4096"));
  }

  private static Experiment open(SmallShop shop, String... overrides) {
    List<String> all = new ArrayList<>(List.of(overrides));
    all.add("model.backbone={name: shared-bottom, bottom: [8], tower: [4]}");
    all.add("model.fusion=none");
    return Experiment.fromYaml(shop.experiment(), all.toArray(String[]::new));
  }

  private static float[] scores(Path bundle) {
    try (Scorer scorer = Scorer.load(bundle)) {
      return scorer.score(WarmStartTest.rows(shop).limit(300).toList());
    }
  }

  private static long count(String text) {
    return shop.rows().stream().limit(TRAINING_ROWS).filter(row -> row.contains(text)).count();
  }

  @Test
  void trainingTellsHowMuchPositivesCount() {
    assertThat(report.result().labels())
        .extracting(Labels::scenario)
        .containsExactlyInAnyOrderElementsOf(SCENARIOS);
    for (Labels labels : report.result().labels()) {
      long positives = count("," + labels.scenario() + ",1,");
      long negatives = count("," + labels.scenario() + ",0,");
      long weight = labels.scenario().equals("feed") ? 4 * positives : positives;
      assertThat(labels)
          .isEqualTo(
              new Labels(
                  labels.scenario(), positives + negatives, positives, weight + negatives, weight));
    }
  }

  /** The same bits, although the batches had twice as many rows. */
  @Test
  void rowsOfWeightZeroChangeNothing() throws IOException {
    SmallShop doubled = SmallShop.write(folder.resolve("twice"), 1, 1000, 1200, 60, SCENARIOS);
    write(doubled, true);
    Experiment twice = open(doubled);
    assertThat(twice.prepare(false, Progress.NONE).manifest().rows().train())
        .isEqualTo(2 * TRAINING_ROWS);

    TrainingReport trained = twice.train("one", Progress.NONE);

    assertThat(scores(trained.bundle())).containsExactly(scores(report.bundle()));
    assertThat(trained.result().best()).isEqualTo(report.result().best());
  }

  @Test
  void aTuningSearchesThem() throws IOException {
    Path file = folder.resolve("tune.yaml");
    Files.writeString(
        file,
        """
        experiment: log/experiment.yaml
        settings: {model.fusion: none, training.epochs: 1}
        space:
          training.loss.name: {values: [cross-entropy, focal]}
          training.loss.gamma: {from: 0.5, to: 3}
          training.loss.labelSmoothing: {from: 0.0, to: 0.2}
          training.halfLifeDays: {from: 1e-3, to: 1, log: true}
        trials: 2
        """);

    TuningResult result =
        Guice.createInjector(new LabModule(new RuntimeModule()))
            .getInstance(Comparisons.class)
            .openTuning(file, List.of())
            .run(ComparisonView.NONE);

    assertThat(result.trials()).hasSize(3).allMatch(trial -> trial.value() > 0);
  }

  @Test
  void reportsStateTheClassBalance() {
    long rows = count(",feed,");
    long positives = count(",feed,1,");
    String share = shown("%.2f %%", 100.0 * positives / rows);
    String weighted = shown("%.2f %%", 400.0 * positives / (rows + 3 * positives));
    String negatives = shown("%.2f", (rows - positives) / (double) positives);

    ReportTable balance =
        new DataTables(experiment.inspectData(Progress.NONE))
            .all().stream().filter(table -> table.id().equals("balance")).findFirst().orElseThrow();

    assertThat(balance.rows())
        .filteredOn(row -> row.get(0).equals("feed"))
        .singleElement()
        .satisfies(
            row -> {
              assertThat(row.get(1)).isEqualTo(share);
              assertThat(row.subList(4, 6)).containsExactly(negatives, weighted);
            });
    assertThat(new RunReport(experiment, "one").page().html())
        .contains("id=\"labels\"", "id=\"data-balance\"", share, weighted);
  }

  private static String shown(String form, double value) {
    return String.format(Locale.ROOT, form, value);
  }

  /** Its log has weights of its own, which the first day need not have. */
  @Test
  void theNextDayGoesOnWithWeights() throws IOException {
    SmallShop next = SmallShop.write(folder.resolve("next"), 2, 90_000, 1200, 60, SCENARIOS);
    write(next, false);
    Experiment second = open(next, "training.halfLifeDays=0.01", "training.groupUsers=4");
    second.prepare(false, report.bundle(), Progress.NONE);

    TrainingReport trained =
        second.train(
            "next", new TrainingOptions(null, report.bundle(), false, List.of()), Progress.NONE);

    Labels all = Labels.sum("all", trained.result().labels());
    assertThat(all.rows()).isEqualTo(TRAINING_ROWS);
    assertThat(all.weight()).isBetween(1.0, 4.0 * TRAINING_ROWS);
    assertThat(all.weightedShare()).isGreaterThan(all.share() + 0.1);
  }

  @Test
  void agesNeedTimes() throws IOException {
    SmallShop timeless = SmallShop.write(folder.resolve("timeless"), 1, 1000, 200, 60, SCENARIOS);
    String yaml = Files.readString(timeless.experiment());
    Files.writeString(
        timeless.experiment(),
        yaml.replace("  time: time\n", "").replace("{by: time", "{by: random"));
    open(timeless).prepare(false, Progress.NONE);
    Experiment open = open(timeless, "training.halfLifeDays=7");

    assertThatThrownBy(() -> open.train("one", Progress.NONE))
        .isInstanceOf(MsrException.class)
        .hasMessageStartingWith("[training/NO_TIME] training.halfLifeDays is 7.0")
        .hasMessageContaining("the data has no time");
    assertThatThrownBy(open::check)
        .hasMessageContaining("training.halfLifeDays = 7.0")
        .hasMessageContaining("the data has no time");
  }

  /** A calibrated model of focal loss is right on average; its raw probabilities lean to a half. */
  @Test
  void plattMendsTheProbabilitiesOfFocalLoss() {
    Experiment focal =
        open(
            shop,
            "training.loss={name: focal, gamma: 4}",
            "training.optimizer.learningRate=0.05",
            "training.sampleWeights=false",
            "training.epochs=30");
    focal.train("focal", Progress.NONE);

    EvaluationReport result = focal.evaluate("focal", Split.VALIDATION, null, Progress.NONE);

    assertThat(result.result().overall().value("calibration")).isCloseTo(1, within(0.02));
    assertThat(result.uncalibrated().overall().logLoss())
        .isGreaterThan(result.result().overall().logLoss());
  }
}
