package org.llm4msr.runtime.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.llm4msr.runtime.evaluation.EvaluationResult;
import org.llm4msr.runtime.evaluation.Metrics;
import org.llm4msr.runtime.evaluation.metric.MetricList;
import org.llm4msr.runtime.experiment.EvaluationReport;

class RunChartsTest {

  @TempDir Path folder;

  private static Metrics metrics(String name, double auc) {
    return new Metrics(
        name, 100, 50, Map.of("auc", auc, "gauc", auc, "gaucRows", 80L, "gaucUsers", 7L));
  }

  private static EvaluationReport report() {
    return new EvaluationReport(
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
  }

  @Test
  void gaucStandsBesideItsRowsAndUsers() {
    EvaluationTables tables = new EvaluationTables(MetricList.STANDARD);
    String table = tables.explained(tables.auc(report()));

    assertThat(table)
        .contains("<th>GAUC</th><th>of rows</th><th>of users</th>")
        .contains("<td>0.8000</td><td>80</td><td>7</td>")
        .contains("ECE, expected calibration error: rows are put into 20 bins");
    assertThat(tables.explained("")).isEmpty();
  }

  /** Stages of the workspace, then those of the run. */
  @ParameterizedTest
  @CsvSource({"'{}', false", "'{\"knowledge\": {}}', true", ", true"})
  void extractionIsChargedToRunsThatReadKnowledge(@Nullable String provenance, boolean charged)
      throws IOException {
    Path run = Files.createDirectories(folder.resolve("runs/one"));
    Files.writeString(
        folder.resolve("stages.jsonl"),
        "{\"stage\": \"prepare\", \"seconds\": 2}\n{\"stage\": \"extract\", \"seconds\": 300}\n");
    Files.writeString(run.resolve("stages.jsonl"), "{\"stage\": \"train\", \"seconds\": 5}\n");
    if (provenance != null) {
      Files.writeString(run.resolve("provenance.json"), provenance);
    }

    RunCharts charts = new RunCharts(new RunFiles(run));

    List<String> stages = charts.costRows().stream().map(row -> row.get(0)).toList();
    assertThat(stages)
        .isEqualTo(charged ? List.of("prepare", "extract", "train") : List.of("prepare", "train"));
    assertThat(charts.costs().contains("300.0 s")).isEqualTo(charged);
  }

  /** One line is written every 50 steps, and one a validation. */
  @Test
  void aShortRunShowsTheLossOfItsValidationsAndNoRate() throws IOException {
    String step = "{\"type\": \"step\", \"step\": 50, \"loss\": 0.6, \"learningRate\": 0.1}\n";
    String validation =
        """
        {"type": "validation", "step": %d, "loss": %s, "parameters": {"fusion/alpha": 0.%d},\
         "validation": {"overall": {"auc": 0.7, "logLoss": 0.65}, "scenarios": []}}
        """;
    Path run = Files.createDirectories(folder.resolve("runs/short"));
    Files.writeString(
        run.resolve("metrics.jsonl"),
        step + validation.formatted(40, "0.69", 2) + validation.formatted(80, "0.59", 3));

    RunCharts charts = new RunCharts(new RunFiles(run));
    String curves = charts.curves(MetricList.STANDARD.required("auc", MetricList.MONITOR));

    assertThat(curves)
        .contains("training step: 40\n", "training loss: 0.69", "training loss: 0.59")
        .doesNotContain("training loss: 0.6\n", "curve-rate");
    assertThat(charts.watched()).contains("Watched parameter: fusion/alpha");
  }

  /** Models that are compared need not have the same scenarios, nor these the same ranks. */
  @Test
  void findsTheScenarioOfABarByItsName() {
    EvaluationReport report = report();

    assertThat(RunCharts.bar("model", report, "feed"))
        .hasValueSatisfying(bar -> assertThat(bar.value()).isEqualTo(0.8));
    assertThat(RunCharts.bar("model", report, "overall"))
        .hasValueSatisfying(bar -> assertThat(bar.value()).isEqualTo(0.7));
    assertThat(RunCharts.bar("model", report, "search")).isEmpty();
  }
}
