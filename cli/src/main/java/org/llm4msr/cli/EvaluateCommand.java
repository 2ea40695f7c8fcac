package org.llm4msr.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.llm4msr.cli.command.ProgressView;
import org.llm4msr.cli.options.RunOption;
import org.llm4msr.cli.options.SplitOption;
import org.llm4msr.runtime.evaluation.EvaluationResult;
import org.llm4msr.runtime.evaluation.LabelMetrics;
import org.llm4msr.runtime.evaluation.LabelMetricsTable;
import org.llm4msr.runtime.evaluation.MetricTable;
import org.llm4msr.runtime.evaluation.Metrics;
import org.llm4msr.runtime.evaluation.RankingResult;
import org.llm4msr.runtime.evaluation.RankingTable;
import org.llm4msr.runtime.evaluation.SlicedMetrics;
import org.llm4msr.runtime.evaluation.metric.MetricList;
import org.llm4msr.runtime.experiment.EvaluationReport;
import org.llm4msr.runtime.experiment.Notice;
import org.llm4msr.runtime.experiment.Stages;
import org.llm4msr.runtime.text.TextTable;
import picocli.CommandLine;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code evaluate}. */
@CommandLine.Command(
    name = "evaluate",
    description =
        "Evaluates the best state of a run: AUC, GAUC, LogLoss and calibration, and ranking metrics"
            + " of groups.")
final class EvaluateCommand extends ExperimentCommand {

  @Mixin RunOption run = new RunOption();

  @Mixin SplitOption split = new SplitOption();

  @Option(
      names = "--predictions",
      paramLabel = "FILE",
      description = "Write every row's prediction: .arrow, .parquet or .csv.")
  @Nullable Path predictions;

  @Override
  protected void run() {
    Stages experiment = stages();
    EvaluationReport report;
    try (ProgressView progress = progress("evaluate", "rows")) {
      report = experiment.evaluate(run.name, split.part, predictions, progress);
    }
    terminal().result(report, text(report, experiment.metrics()));
  }

  private static String text(EvaluationReport report, MetricList metrics) {
    MetricTable table = MetricTable.brief(metrics);
    LabelMetricsTable ofLabels = new LabelMetricsTable(metrics);
    List<List<String>> rows = new ArrayList<>();
    List<Metrics> scenarios = report.result().scenarios();
    for (int rank = 0; rank < scenarios.size(); rank++) {
      rows.add(table.row(scenarios.get(rank), report.scenarioNames().get(rank)));
    }
    rows.add(table.row(report.result().overall(), "overall"));
    StringBuilder tables = new StringBuilder(TextTable.of(table.headings("scenario"), rows));
    EvaluationResult before = report.uncalibrated();
    if (before != null) {
      tables.append(uncalibrated(Metrics.OVERALL, before.overall(), metrics));
    }
    List<LabelMetrics> labels = report.result().labels();
    if (!labels.isEmpty()) {
      List<List<String>> further = ofLabels.rows(labels, report.scenarioNames());
      tables.append('\n').append(TextTable.of(ofLabels.headings("scenario"), further));
      labels.forEach(label -> tables.append(uncalibrated(label.label(), report, metrics)));
    }
    RankingResult ranking = report.ranking();
    if (ranking != null) {
      List<List<String>> groups = RankingTable.rows(ranking, report.scenarioNames());
      tables.append('\n').append(TextTable.of(RankingTable.headings(ranking), groups));
    }
    for (SlicedMetrics sliced : report.slices()) {
      List<List<String>> slices =
          sliced.slices().stream().map(slice -> table.row(slice, slice.name())).toList();
      tables.append('\n').append(TextTable.of(table.headings(sliced.title()), slices));
      List<List<String>> further = ofLabels.slices(labels, sliced.name());
      if (!further.isEmpty()) {
        List<String> headings = ofLabels.headings(sliced.title());
        tables.append('\n').append(TextTable.of(headings, further));
      }
    }
    tables
        .append("%nGAUC covers the rows of users with both labels. ".formatted())
        .append(
            "ECE: distance between mean prediction and share of positives over bins; 0 is best.");
    String marked = Notice.HISTORY.appendedTo(tables.toString(), report.readsLaterParts());
    return Notice.LEAK.appendedTo(marked, report.leakFutureInteractions());
  }

  /** Evaluations of earlier versions have none of further labels. */
  private static String uncalibrated(String label, EvaluationReport report, MetricList metrics) {
    EvaluationResult before = report.uncalibrated();
    return before == null
        ? ""
        : before.labels().stream()
            .filter(measured -> measured.label().equals(label))
            .map(measured -> uncalibrated(label, measured.overall(), metrics))
            .collect(Collectors.joining());
  }

  /** Calibration moves the scenarios against each other, and with it what is measured over all. */
  private static String uncalibrated(String what, Metrics before, MetricList metrics) {
    return metrics.metrics().stream()
        .map(metric -> metric.title() + " " + MetricTable.number(before.value(metric.name())))
        .collect(Collectors.joining(", ", "%n%s before calibration: ".formatted(what), ""));
  }
}
