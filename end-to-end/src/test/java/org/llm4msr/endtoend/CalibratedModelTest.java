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
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.bundle.Bundle;
import org.llm4msr.runtime.calibration.Calibration;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.evaluation.Metrics;
import org.llm4msr.runtime.experiment.EvaluationReport;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.experiment.TrainingReport;
import org.llm4msr.runtime.scoring.Scorer;

/** Calibration on its way from training to what a bundle scores. */
class CalibratedModelTest {

  private static final List<String> SCENARIOS = List.of("feed", "search", "home");

  @TempDir static Path folder;
  static Experiment experiment;
  static Experiment raw;
  static TrainingReport calibrated;
  static TrainingReport uncalibrated;

  @BeforeAll
  static void train() throws IOException {
    SmallShop shop = SmallShop.write(folder, 1, 1000, 3000, 90, SCENARIOS);
    String plain = "model.fusion.name=none";
    // Steps so long that LogLoss is worse than that of a constant.
    String eager = "training.optimizer.learningRate=0.1";
    String small = "training.batchSize=32";
    String epochs = "training.epochs=4";
    experiment = Experiment.fromYaml(shop.experiment(), plain, eager, small, epochs);
    raw =
        Experiment.fromYaml(
            shop.experiment(), plain, eager, small, epochs, "training.calibration=off");
    experiment.prepare(false, Progress.NONE);
    calibrated = experiment.train("calibrated", Progress.NONE);
    uncalibrated = raw.train("raw", Progress.NONE);
  }

  @Test
  void logLossIsNoWorseThanThatOfAConstant() {
    EvaluationReport report =
        experiment.evaluate("calibrated", Split.VALIDATION, null, Progress.NONE);

    Metrics after = report.result().overall();
    Metrics before = report.uncalibrated().overall();
    assertThat(before.logLoss()).isGreaterThan(before.value("constantLogLoss"));
    assertThat(after.logLoss()).isLessThanOrEqualTo(after.value("constantLogLoss"));
    assertThat(before.auc()).isEqualTo(calibrated.result().best().result().overall().auc());
    for (int s = 0; s < SCENARIOS.size(); s++) {
      Metrics scenario = report.result().scenarios().get(s);
      assertThat(scenario.auc())
          .isCloseTo(report.uncalibrated().scenarios().get(s).auc(), within(1e-3));
    }
  }

  /** Both runs have the same weights: of a raw score p, the calibrated one can be computed. */
  @Test
  void aBundleScoresWhatItsCalibrationMakesOfTheLogit() {
    List<Map<String, Object>> rows = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      Map<String, Object> row = new HashMap<>();
      row.put("user", i);
      row.put("item", "i" + i % 7);
      row.put("scenario", SCENARIOS.get(i % 3));
      row.put("hour", i % 24);
      row.put("price", null);
      row.put("tags", null);
      rows.add(row);
    }
    try (Scorer scorer = Scorer.load(calibrated.bundle());
        Scorer rawScorer = Scorer.load(uncalibrated.bundle())) {
      float[] scores = scorer.score(rows);
      float[] rawScores = rawScorer.score(rows);

      assertThat(scores).isNotEqualTo(rawScores);
      List<Calibration.Line> lines = calibrated.calibration().scenarios();
      for (int i = 0; i < scores.length; i++) {
        String scenario = SCENARIOS.get(i % 3);
        Calibration.Line line =
            lines.stream().filter(l -> l.scenario().equals(scenario)).findFirst().orElseThrow();
        double logit = Math.log(rawScores[i] / (1.0 - rawScores[i]));
        double expected = 1 / (1 + Math.exp(-(line.slope() * logit + line.offset())));
        assertThat(scores[i]).isCloseTo((float) expected, within(1e-4f));
      }
    }
  }

  @Test
  void aRunKeepsItsCalibration() throws IOException {
    assertThat(calibrated.calibration().keys()).containsExactlyInAnyOrderElementsOf(SCENARIOS);
    assertThat(Bundle.open(calibrated.bundle()).manifest().calibration())
        .isEqualTo(calibrated.calibration());

    assertThat(experiment.train("calibrated", Progress.NONE).calibration())
        .isEqualTo(calibrated.calibration());
    Path again = folder.resolve("again");
    experiment.createBundle("calibrated", again);
    assertThat(Bundle.open(again).manifest().calibration()).isEqualTo(calibrated.calibration());

    // A process that died after the last checkpoint: the fit is repeated.
    Files.delete(calibrated.run().resolve("training.json"));
    assertThat(experiment.train("calibrated", Progress.NONE).calibration())
        .isEqualTo(calibrated.calibration());
  }

  @Test
  void offLeavesProbabilitiesAsTheyAre() {
    assertThat(uncalibrated.calibration()).isEqualTo(Calibration.NONE);
    assertThat(Bundle.open(uncalibrated.bundle()).manifest().training())
        .doesNotContainKey("calibration");

    EvaluationReport report = raw.evaluate("raw", Split.VALIDATION, null, Progress.NONE);

    assertThat(report.uncalibrated()).isNull();
    assertThat(report.result().overall().auc())
        .isEqualTo(uncalibrated.result().best().result().overall().auc());
  }
}
