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
