package org.llm4msr.runtime.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.evaluation.Metrics;
import org.llm4msr.runtime.experiment.EvaluationReport;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.experiment.LeakNotice;
import picocli.CommandLine;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** {@code evaluate}. */
@CommandLine.Command(
    name = "evaluate",
    description = "Evaluates the best state of a run: AUC, GAUC, LogLoss and calibration.")
final class EvaluateCommand extends ExperimentCommand {

  @Option(
      names = "--run",
      defaultValue = "default",
      paramLabel = "NAME",
      description = "Name of the run (default: ${DEFAULT-VALUE}).")
  String run = "default";

  @Option(
      names = "--split",
      defaultValue = "test",
      paramLabel = "SPLIT",
      converter = SplitConverter.class,
      description = "The part: train, validation or test (default: ${DEFAULT-VALUE}).")
  Split split = Split.TEST;

  @Option(
      names = "--predictions",
      paramLabel = "FILE",
      description = "Write every row's prediction to an Arrow file.")
  @Nullable Path predictions;

  /** Reads the name of a part as it is written in files and texts. */
  static final class SplitConverter implements ITypeConverter<Split> {
    @Override
    public Split convert(String text) {
      return Stream.of(Split.values())
          .filter(one -> one.key().equalsIgnoreCase(text))
          .findFirst()
          .orElseThrow(() -> new TypeConversionException(expected(text)));
    }

    private static String expected(String text) {
      String keys = Stream.of(Split.values()).map(Split::key).collect(Collectors.joining(", "));
      return "expected one of %s but was '%s'".formatted(keys, text);
    }
  }

  @Override
  void run() {
    Experiment experiment = experiment();
    EvaluationReport report;
    try (ProgressView progress = progress("evaluate", "rows")) {
      report = experiment.evaluate(run, split, predictions, progress);
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
    String table =
        Terminal.table(
            List.of(
                "scenario",
                ">rows",
                ">positives",
                ">AUC",
                ">GAUC",
                ">LogLoss",
                ">calibration",
                ">ECE"),
            rows);
    return LeakNotice.below(table, report.leakFutureInteractions());
  }

  private static List<String> row(String name, Metrics metrics) {
    String missing = metrics.aucMissing();
    return List.of(
        name,
        String.format(Locale.ROOT, "%,d", metrics.rows()),
        String.format(Locale.ROOT, "%,d", metrics.positives()),
        missing == null ? number(metrics.auc()) : "(" + missing + ")",
        number(metrics.gauc()),
        number(metrics.logLoss()),
        number(metrics.calibration()),
        number(metrics.calibrationError()));
  }

  static String number(double value) {
    return Double.isNaN(value) ? "-" : String.format(Locale.ROOT, "%.4f", value);
  }
}
