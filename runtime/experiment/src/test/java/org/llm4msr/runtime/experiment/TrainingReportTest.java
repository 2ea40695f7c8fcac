package org.llm4msr.runtime.experiment;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.llm4msr.runtime.calibration.Calibration;
import org.llm4msr.runtime.evaluation.EvaluationResult;
import org.llm4msr.runtime.evaluation.Metrics;
import org.llm4msr.runtime.evaluation.metric.MetricList;
import org.llm4msr.runtime.training.TrainingResult;
import org.llm4msr.runtime.training.TrainingResult.FurtherLabel;
import org.llm4msr.runtime.training.TrainingResult.Labels;
import org.llm4msr.runtime.training.Validation;

class TrainingReportTest {

  private static final List<Labels> LABELS =
      List.of(new Labels("feed", 900, 90, 900, 90), new Labels("search", 300, 30, 300, 30));

  private static Validation validation(double auc) {
    return validation(Map.of("auc", auc, "logLoss", .43218));
  }

  private static Validation validation(Map<String, Object> figures) {
    Metrics metrics = new Metrics("overall", 1000, 100, figures);
    return new Validation(1_200, 0, .5, new EvaluationResult(metrics, List.of(), List.of()));
  }

  private static TrainingResult result(
      @Nullable Validation best, boolean stoppedEarly, double rowsPerSecond) {
    return new TrainingResult(
        2_000,
        1_200,
        best,
        List.of(),
        3,
        stoppedEarly,
        9,
        rowsPerSecond,
        LABELS,
        List.of(),
        "cross-entropy");
  }

  private static TrainingReport report(TrainingResult result, boolean leaks, boolean later) {
    return report(result, leaks, later, "auc");
  }

  private static TrainingReport report(
      TrainingResult result, boolean leaks, boolean later, String monitor) {
    return new TrainingReport(
        Path.of("runs/a"),
        Path.of("runs/a/bundle"),
        result,
        "cpu",
        Calibration.NONE,
        leaks,
        later,
        MetricList.STANDARD.required(monitor, MetricList.MONITOR));
  }

  /** 120 positives of 1,200 rows. */
  @Test
  void saysTheBestStepTheSpeedTheBundleAndTheBalance() {
    assertThat(report(result(validation(.71234), true, 12_345.6), false, false).text())
        .isEqualTo(
            """
            runs/a: best at step 1,200 of 2,000 (stopped early), validation AUC 0.7123;\
             12,346 rows/s on cpu
            bundle: runs/a/bundle
            positives: 10.00 % of 1,200 training rows\
            """);
  }

  @Test
  void saysWhyThereIsNoAucAndThatNothingWasLeftToDo() {
    assertThat(report(result(null, false, 0), false, false).text())
        .startsWith(
            "runs/a: best at step 1,200 of 2,000, no validation AUC: it needs rows of both"
                + " classes; already trained, nothing left to do\nbundle: ");
  }

  @Test
  void namesTheMetricThatIsMonitored() {
    TrainingReport report = report(result(validation(.71234), false, 1), false, false, "logLoss");

    assertThat(report.text()).contains(" of 2,000, validation LogLoss 0.4322; 1 rows/s");
    assertThat(report.validationValue()).isEqualTo(.43218);
  }

  @Test
  void saysWhyThereIsNoValueOfTheMonitoredMetric() {
    TrainingResult without =
        new TrainingResult(
            5,
            5,
            null,
            List.of(validation(Map.of("gaucMissing", "no user has rows of both classes"))),
            3,
            false,
            9,
            1,
            LABELS,
            List.of(),
            "cross-entropy");

    assertThat(report(without, false, false, "gauc").validation())
        .isEqualTo("no validation GAUC: no user has rows of both classes");
    assertThat(report(result(null, false, 1), false, false, "ne").validation())
        .isEqualTo("no validation NE: no rows");
    assertThat(report(without, false, false, "gauc").validationValue()).isNaN();
  }

  /** So results in files stay as they are. */
  @Test
  void theMetricIsNoPartOfTheJson() {
    JsonNode json = new ObjectMapper().valueToTree(report(result(null, false, 1), false, false));

    assertThat(json.fieldNames())
        .toIterable()
        .containsExactly(
            "run",
            "bundle",
            "result",
            "device",
            "calibration",
            "leakFutureInteractions",
            "readsLaterParts");
  }

  @Test
  void advisesMoreEpochsWhereTheLastValidationIsTheBest() {
    TrainingResult whole =
        new TrainingResult(
            1_200, 1_200, validation(.7), List.of(), 3, false, 9, 1, LABELS, List.of(), "focal");

    assertThat(report(whole, false, false).text())
        .contains("\nStill improving: raise training.epochs (now 3).\nbundle: ")
        .endsWith("\nloss: focal");
  }

  /** The AUC of chance has a standard error of sqrt(1001 / (12 x 100 x 900)) = .03044 here. */
  @Test
  void saysThatNothingIsLearnedWhereTheAucIsThatOfChance() {
    String advice =
        "\nThe model has learned nothing yet: the validation AUC is that of chance. Try a higher"
            + " training.optimizer.learningRate";

    assertThat(report(result(validation(.5608), false, 1), false, false).text()).contains(advice);
    assertThat(report(result(validation(.3), true, 1), false, false).text()).contains(advice);
    assertThat(report(result(validation(.5610), false, 1), false, false).text())
        .doesNotContain("learned nothing");
    assertThat(report(result(null, false, 1), false, false).text())
        .doesNotContain("learned nothing");
  }

  /** By weight 2 of 4 count, and of the further label no row is known. */
  @Test
  void eachLabelHasItsBalanceByRowsAndByWeight() {
    TrainingResult weighted =
        new TrainingResult(
            5,
            5,
            null,
            List.of(),
            3,
            false,
            9,
            1,
            List.of(new Labels("feed", 8, 2, 4, 2)),
            List.of(new FurtherLabel("buy", List.of(new Labels("feed", 0, 0, 0, 0)))),
            "cross-entropy");

    assertThat(report(weighted, false, false).text())
        .endsWith(
            "\npositives: 25.00 % of 8 training rows, 50.00 % by weight in the loss"
                + "\npositives of buy: no training row knows it");
  }

  @Test
  void notesFollowWhatTheyQualify() {
    assertThat(report(result(null, false, 0), true, true).text())
        .endsWith("\nNOTE: " + Notice.HISTORY.text() + "\nNOTE: " + Notice.LEAK.text() + "\n");
  }
}
