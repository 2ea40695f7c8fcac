package org.llm4msr.runtime.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.llm4msr.runtime.evaluation.EvaluationResult;
import org.llm4msr.runtime.evaluation.Metrics;
import org.llm4msr.runtime.experiment.EvaluationReport;

class RunChartsTest {

  private static Metrics metrics(String name, double auc) {
    return new Metrics(name, 100, 50, auc, null, auc, null, 100, 0.6, 0.5, 0.5, 1, 0);
  }

  /** Models that are compared need not have the same scenarios, nor these the same ranks. */
  @Test
  void findsTheScenarioOfABarByItsName() {
    EvaluationReport report =
        new EvaluationReport(
            Path.of("run"),
            "test",
            List.of("home", "feed"),
            new EvaluationResult(
                metrics("overall", 0.7), List.of(metrics("h", 0.6), metrics("f", 0.8)), List.of()),
            null,
            List.of(),
            null,
            true,
            false,
            false);

    assertThat(RunCharts.bar("model", report, "feed"))
        .hasValueSatisfying(bar -> assertThat(bar.value()).isEqualTo(0.8));
    assertThat(RunCharts.bar("model", report, "overall"))
        .hasValueSatisfying(bar -> assertThat(bar.value()).isEqualTo(0.7));
    assertThat(RunCharts.bar("model", report, "search")).isEmpty();
  }
}
