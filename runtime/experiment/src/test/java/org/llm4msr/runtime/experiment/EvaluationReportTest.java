package org.llm4msr.runtime.experiment;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.llm4msr.runtime.data.prepared.PreparedScenario;
import org.llm4msr.runtime.data.prepared.SplitCounts;
import org.llm4msr.runtime.evaluation.EvaluationResult;
import org.llm4msr.runtime.evaluation.LabelMetrics;
import org.llm4msr.runtime.evaluation.Metrics;
import org.llm4msr.runtime.evaluation.RankingMetrics;
import org.llm4msr.runtime.evaluation.RankingResult;
import org.llm4msr.runtime.evaluation.SlicedMetrics;
import org.llm4msr.runtime.evaluation.metric.MetricList;

class EvaluationReportTest {

  private static PreparedScenario scenario(String key, String name) {
    return new PreparedScenario(key, name, "", new SplitCounts(1, 1, 1));
  }

  /** Jackson would take it for an address. */
  @Test
  void aRunMayLieBelowANameWithAColon() throws IOException {
    ObjectMapper json = new ObjectMapper();
    Metrics metrics = new Metrics("overall", 1, 1, Map.of("auc", 0.5));
    EvaluationReport report =
        new EvaluationReport(
            Path.of("/runs/10:30/a b"),
            "test",
            List.of(),
            new EvaluationResult(metrics, List.of(), List.of()),
            new EvaluationResult(metrics, List.of(), List.of()),
            List.of(),
            null,
            true,
            false,
            false);
    ObjectNode tree = json.valueToTree(report);
    tree.put("run", "/runs/10:30/a b");

    assertThat(json.treeToValue(tree, EvaluationReport.class)).isEqualTo(report);
  }

  @Test
  void titlesTellScenariosOfOneNameApartAndFromAllRows() {
    assertThat(
            EvaluationReport.titles(
                List.of(
                    scenario("a", "Feed"),
                    scenario("b", "Same"),
                    scenario("c", "Same"),
                    scenario("d", "overall"))))
        .containsExactly("Feed", "Same (b)", "Same (c)", "overall (d)");
  }

  private static final MetricList METRICS =
      new MetricList(
          List.of(
              MetricList.STANDARD.auc(), MetricList.STANDARD.required("logLoss", "a test's key")));

  private static Metrics metrics(String name, long rows, double auc) {
    return new Metrics(
        name, rows, rows / 4, Map.of("auc", auc, "logLoss", .5, "constantLogLoss", .5623));
  }

  private static EvaluationReport report(
      EvaluationResult result,
      @Nullable EvaluationResult uncalibrated,
      List<SlicedMetrics> slices,
      @Nullable RankingResult ranking) {
    return new EvaluationReport(
        Path.of("runs/a"),
        "test",
        List.of("The feed"),
        result,
        uncalibrated,
        slices,
        ranking,
        true,
        true,
        true);
  }

  @Test
  void aTextHasTheMetricsOfScenariosAndOfAllRows() {
    EvaluationResult result =
        new EvaluationResult(
            metrics("overall", 1_234, .7), List.of(metrics("feed", 1_000, .6)), List.of());

    assertThat(report(result, null, List.of(), null).text(METRICS))
        .isEqualTo(
            """
            scenario   rows  positives     AUC  LogLoss  constant
            The feed  1,000        250  0.6000   0.5000    0.5623
            overall   1,234        308  0.7000   0.5000    0.5623

            GAUC covers the rows of users with both labels. ECE: distance between mean prediction and\
             share of positives over bins; 0 is best.
            NOTE: %s
            NOTE: %s
            """
                .formatted(Notice.HISTORY.text(), Notice.LEAK.text()));
  }

  @Test
  void calibrationLabelsGroupsAndSlicesFollow() {
    Metrics feed = metrics("feed", 1_000, .6);
    List<SlicedMetrics> slices =
        List.of(new SlicedMetrics("newUsers", "users", List.of(metrics("new", 8, .25))));
    LabelMetrics likes =
        new LabelMetrics("likes", metrics("overall", 40, .55), List.of(feed), slices);
    EvaluationResult result =
        new EvaluationResult(
            metrics("overall", 1_234, .7), List.of(feed), List.of(), List.of(likes));
    RankingMetrics groups =
        new RankingMetrics(
            "feed", 2_000, 9, List.of(new RankingMetrics.First(5, .5, .75)), .4, Double.NaN);

    String text =
        report(result, result, slices, new RankingResult(groups, List.of(groups))).text(METRICS);

    assertThat(text)
        .startsWith(
            """
            scenario   rows  positives     AUC  LogLoss  constant
            The feed  1,000        250  0.6000   0.5000    0.5623
            overall   1,234        308  0.7000   0.5000    0.5623

            overall before calibration: AUC 0.7000, LogLoss 0.5000
            label  scenario   rows  positives     AUC  LogLoss  constant
            likes  The feed  1,000        250  0.6000   0.5000    0.5623
            likes  overall      40         10  0.5500   0.5000    0.5623

            likes before calibration: AUC 0.5500, LogLoss 0.5000
            scenario  groups  NDCG@5    HR@5     MRR  group AUC
            The feed   2,000  0.5000  0.7500  0.4000          -
            overall    2,000  0.5000  0.7500  0.4000          -

            users  rows  positives     AUC  LogLoss  constant
            new       8          2  0.2500   0.5000    0.5623

            label  users  rows  positives     AUC  LogLoss  constant
            likes  new       8          2  0.2500   0.5000    0.5623

            GAUC covers\
            """);
  }
}
