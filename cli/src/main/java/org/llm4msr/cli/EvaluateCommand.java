package org.llm4msr.cli;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.llm4msr.cli.command.ProgressView;
import org.llm4msr.cli.options.RunOption;
import org.llm4msr.cli.options.SplitOption;
import org.llm4msr.runtime.experiment.EvaluationReport;
import org.llm4msr.runtime.experiment.Stages;
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
    terminal().result(report, report.text(experiment.metrics()));
  }
}
