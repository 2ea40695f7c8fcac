package org.llm4msr.serving.publishing;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.llm4msr.runtime.evaluation.EvaluationResult;
import org.llm4msr.runtime.evaluation.Metrics;

class PublicationTest {

  @Test
  void aPublicationWithoutRowsNamesTheVersion() {
    assertThat(publication(null, null).text()).isEqualTo("models/b is published as b.");
  }

  @Test
  void aTrialIsComparedWithTheVersionBefore() {
    TrialResult trial =
        new TrialResult(
            result(metrics("feed", 1_234, .75, .5), metrics("overall", 1_234, .75, .5)),
            result(metrics("feed", 1_234, .7, .525), metrics("overall", 1_234, Double.NaN, .525)),
            -.025,
            .0125,
            .0021);

    assertThat(publication(trial, "a").text())
        .isEqualTo(
            """
            scenario   rows  AUC before     now  LogLoss before     now  clicks  predicted before     now
            feed      1,234      0.7000  0.7500          0.5250  0.5000  0.2500            0.2600  0.2600
            overall   1,234           -  0.7500          0.5250  0.5000  0.2500            0.2600  0.2600

            models/b is published as b.
            LogLoss changes by -0.0250 from that of a, with a standard error of 0.0125.
            The calibration to these rows makes LogLoss worse, by +0.0021: they are too few, or unlike each other. Give more rows, or publish without --rows.
            Servers stay with a, which the file PINNED names; delete it, or choose the new version by name.""");
  }

  @Test
  void theFirstVersionIsComparedWithNone() {
    TrialResult trial =
        new TrialResult(
            result(metrics("feed", 8, .75, .5), metrics("overall", 8, .75, .5)), null, 0, 0, -.001);

    assertThat(publication(trial, null).text())
        .isEqualTo(
            """
            scenario  rows  AUC before     now  LogLoss before     now  clicks  predicted before     now
            feed         8           -  0.7500               -  0.5000  0.2500                 -  0.2600
            overall      8           -  0.7500               -  0.5000  0.2500                 -  0.2600

            models/b is published as b.""");
  }

  @Test
  void aLargerLogLossIsWorseHoweverSureItIs() {
    EvaluationResult any = result(metrics("feed", 8, .75, .5), metrics("overall", 8, .75, .5));

    assertThat(new TrialResult(any, any, .0019, .0015, 0).isWorse()).isTrue();
    assertThat(new TrialResult(any, any, -.0019, .0015, 0).isWorse()).isFalse();
    assertThat(new TrialResult(any, any, 1e-8, 0, 1e-8).isWorse()).as("rounding").isFalse();
  }

  private static Publication publication(@Nullable TrialResult trial, @Nullable String pinned) {
    return new Publication("b", Path.of("models/b"), true, 0, "a", trial, pinned);
  }

  private static EvaluationResult result(Metrics scenario, Metrics overall) {
    return new EvaluationResult(overall, List.of(scenario), List.of());
  }

  private static Metrics metrics(String name, long rows, double auc, double logLoss) {
    return new Metrics(
        name,
        rows,
        rows / 4,
        Map.of("auc", auc, "logLoss", logLoss, "meanLabel", .25, "meanPrediction", .26));
  }
}
