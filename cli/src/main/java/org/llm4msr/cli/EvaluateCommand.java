package org.llm4msr.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.llm4msr.cli.command.ProgressView;
import org.llm4msr.cli.command.Terminal;
import org.llm4msr.cli.options.RunOption;
import org.llm4msr.cli.options.SplitOption;
import org.llm4msr.runtime.evaluation.EvaluationResult;
import org.llm4msr.runtime.evaluation.LabelMetrics;
import org.llm4msr.runtime.evaluation.LabelMetricsTable;
import org.llm4msr.runtime.evaluation.Metrics;
import org.llm4msr.runtime.evaluation.RankingResult;
import org.llm4msr.runtime.evaluation.RankingTable;
import org.llm4msr.runtime.evaluation.SlicedMetrics;
import org.llm4msr.runtime.experiment.EvaluationReport;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.experiment.Notice;
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
    Experiment experiment = experiment();
    EvaluationReport report;
    try (ProgressView progress = progress("evaluate", "rows")) {
      report = experiment.evaluate(run.name, split.part, predictions, progress);
    }
    terminal().result(report, text(report));
  }

  private static String text(EvaluationReport report) {
    List<List<String>> rows = new ArrayList<>();
    List<Metrics> scenarios = report.result().scenarios();
    for (int rank = 0; rank < scenarios.size(); rank++) {
      rows.add(row(report.scenarioNames().get(rank), scenarios.get(rank)));
    }
    rows.add(row("overall", report.result().overall()));
    StringBuilder tables = new StringBuilder(table("scenario", rows)).append(uncalibrated(report));
    List<LabelMetrics> labels = report.result().labels();
    if (!labels.isEmpty()) {
      List<List<String>> further = LabelMetricsTable.rows(labels, report.scenarioNames());
      tables.append('\n').append(Terminal.table(LabelMetricsTable.HEADINGS, further));
      labels.forEach(label -> tables.append(uncalibrated(label.label(), report)));
    }
    RankingResult ranking = report.ranking();
    if (ranking != null) {
      List<List<String>> groups = RankingTable.rows(ranking, report.scenarioNames());
      tables.append('\n').append(Terminal.table(RankingTable.headings(ranking), groups));
    }
    for (SlicedMetrics sliced : report.slices()) {
      List<List<String>> slices =
          sliced.slices().stream().map(slice -> row(slice.name(), slice)).toList();
      tables.append('\n').append(table(sliced.title(), slices));
      List<List<String>> further = LabelMetricsTable.slices(labels, sliced.name());
      if (!further.isEmpty()) {
        List<String> headings = LabelMetricsTable.headings(sliced.title());
        tables.append('\n').append(Terminal.table(headings, further));
      }
    }
    tables
        .append("%nGAUC covers the rows of users with both labels. ".formatted())
        .append(
            "ECE: distance between mean prediction and share of positives over bins; 0 is best.");
    String marked = Notice.HISTORY.appendedTo(tables.toString(), report.readsLaterParts());
    return Notice.LEAK.appendedTo(marked, report.leakFutureInteractions());
  }

  /** Calibration moves the scenarios against each other, and with it what is measured over all. */
  private static String uncalibrated(EvaluationReport report) {
    EvaluationResult before = report.uncalibrated();
    return before == null ? "" : uncalibrated(Metrics.OVERALL, before.overall());
  }

  /** Evaluations of earlier versions have none of further labels. */
  private static String uncalibrated(String label, EvaluationReport report) {
    EvaluationResult before = report.uncalibrated();
    return before == null
        ? ""
        : before.labels().stream()
            .filter(metrics -> metrics.label().equals(label))
            .map(metrics -> uncalibrated(label, metrics.overall()))
            .collect(Collectors.joining());
  }

  private static String uncalibrated(String what, Metrics before) {
    return "%n%s before calibration: AUC %s, GAUC %s, LogLoss %s, ECE %s"
        .formatted(
            what,
            number(before.auc()),
            number(before.gauc()),
            number(before.logLoss()),
            number(before.calibrationError()));
  }

  private static String table(String heading, List<List<String>> rows) {
    return Terminal.table(
        List.of(
            heading,
            ">rows",
            ">positives",
            ">AUC",
            ">GAUC",
            ">of rows",
            ">of users",
            ">LogLoss",
            ">constant",
            ">calibration",
            ">ECE"),
        rows);
  }

  private static List<String> row(String name, Metrics metrics) {
    String missing = metrics.aucMissing();
    return List.of(
        name,
        count(metrics.rows()),
        count(metrics.positives()),
        missing == null ? number(metrics.auc()) : "(" + missing + ")",
        number(metrics.gauc()),
        count(metrics.gaucRows()),
        count(metrics.gaucUsers()),
        number(metrics.logLoss()),
        number(metrics.constantLogLoss()),
        number(metrics.calibration()),
        number(metrics.calibrationError()));
  }

  private static String count(@Nullable Long value) {
    return value == null ? "-" : String.format(Locale.ROOT, "%,d", value);
  }

  static String number(double value) {
    return Double.isNaN(value) ? "-" : String.format(Locale.ROOT, "%.4f", value);
  }
}
