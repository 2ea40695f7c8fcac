package org.llm4msr.runtime.report;

import static java.util.stream.Collectors.joining;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.llm4msr.runtime.evaluation.LabelMetrics;
import org.llm4msr.runtime.evaluation.LabelMetricsTable;
import org.llm4msr.runtime.evaluation.MetricTable;
import org.llm4msr.runtime.evaluation.Metrics;
import org.llm4msr.runtime.evaluation.SlicedMetrics;
import org.llm4msr.runtime.evaluation.metric.Metric;
import org.llm4msr.runtime.evaluation.metric.MetricList;
import org.llm4msr.runtime.experiment.EvaluationReport;
import org.llm4msr.runtime.report.BarChart.Bar;

/** Tables of the metrics of evaluations. */
final class EvaluationTables {

  private static final double CHANCE = 0.5;

  /** The column after name, rows, positives and AUC. */
  private static final int INTERVAL = 4;

  private final MetricList metrics;
  private final MetricTable table;
  private final LabelMetricsTable ofLabels;

  EvaluationTables(MetricList metrics) {
    this.metrics = metrics;
    table = MetricTable.full(metrics);
    ofLabels = new LabelMetricsTable(metrics);
  }

  /** AUC per scenario, with the other metrics as a table. */
  String auc(EvaluationReport report) {
    List<Bar> bars = new ArrayList<>();
    List<List<String>> rows = new ArrayList<>();
    for (int column = 0; column <= report.result().scenarios().size(); column++) {
      String name = RunCharts.name(report, column);
      bars.add(RunCharts.bar(name, RunCharts.metrics(report, column)));
      rows.add(row(name, RunCharts.metrics(report, column)));
    }
    return new BarChart(
                "auc-" + report.split(),
                "AUC on the " + report.split() + " part",
                "AUC; 0.5 is chance",
                CHANCE,
                bars)
            .svg()
        + table("scenario", rows);
  }

  /** Adds to tables of metrics what their columns mean. */
  String explained(String tables) {
    return tables.isEmpty()
        ? ""
        : Stream.concat(
                Stream.of(
                    tables,
                    Html.note(
                        "Intervals by Hanley and McNeil: the variation over other rows of such"
                            + " data. They treat rows as independent, so they are too narrow if"
                            + " users have many rows, and they do not cover other seeds.")),
                metrics.metrics().stream()
                    .map(Metric::note)
                    .filter(note -> !note.isEmpty())
                    .map(Html::note))
            .collect(joining());
  }

  private String table(String heading, List<List<String>> rows) {
    List<String> headings = table.headings(heading);
    headings.add(INTERVAL, ">95 % interval");
    return Html.table(headings, rows);
  }

  private List<String> row(String name, Metrics metrics) {
    List<String> row = table.row(metrics, name);
    AucInterval interval = AucInterval.of(metrics);
    row.add(
        INTERVAL,
        metrics.missing("auc") == null
            ? MetricTable.number(interval.low()) + " to " + MetricTable.number(interval.high())
            : "-");
    return row;
  }

  /** Returns the table of further labels; empty if there are none. */
  String labels(EvaluationReport report) {
    List<LabelMetrics> labels = report.result().labels();
    return labels.isEmpty()
        ? ""
        : Html.note("On the %s part:".formatted(report.split()))
            + Html.table(
                ofLabels.headings("scenario"), ofLabels.rows(labels, report.scenarioNames()));
  }

  /** Returns a table for each way to divide the rows into slices. */
  String slices(EvaluationReport report) {
    StringBuilder html = new StringBuilder();
    for (SlicedMetrics sliced : report.slices()) {
      html.append(
          table(
              "%s, %s part".formatted(sliced.title(), report.split()),
              sliced.slices().stream().map(slice -> row(slice.name(), slice)).toList()));
      List<List<String>> further = ofLabels.slices(report.result().labels(), sliced.name());
      if (!further.isEmpty()) {
        html.append(Html.table(ofLabels.headings(sliced.title()), further));
      }
    }
    return html.toString();
  }
}
