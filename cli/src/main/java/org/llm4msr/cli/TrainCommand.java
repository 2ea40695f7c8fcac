package org.llm4msr.cli;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llm4msr.cli.command.Command;
import org.llm4msr.cli.command.Interruption;
import org.llm4msr.cli.command.ProgressView;
import org.llm4msr.cli.options.RunOption;
import org.llm4msr.runtime.experiment.Stages;
import org.llm4msr.runtime.experiment.TrainingOptions;
import org.llm4msr.runtime.experiment.TrainingReport;
import org.llm4msr.runtime.report.ReportServer;
import org.llm4msr.runtime.report.RunReport;
import picocli.CommandLine;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code train}. */
@CommandLine.Command(
    name = "train",
    description = "Trains the model; resumes from the last checkpoint of the run.")
final class TrainCommand extends ExperimentCommand {

  @Mixin RunOption run = new RunOption();

  @Option(
      names = "--bundle",
      paramLabel = "DIR",
      description = "Folder for the bundle (default: bundle in the run folder).")
  @Nullable Path bundle;

  @Option(
      names = "--from",
      paramLabel = "BUNDLE",
      description = "Start from the weights of this bundle; see data prepare --extend.")
  @Nullable Path from;

  @Option(
      names = "--force",
      description = "Train anew: replace a run of this name, once this one has begun.")
  boolean force;

  @Option(
      names = "--watch",
      arity = "0..1",
      fallbackValue = "0",
      paramLabel = "PORT",
      description = "Show charts of the run in a browser on this machine while it is trained.")
  @Nullable Integer watch;

  @Override
  protected void run() {
    Stages experiment = stages();
    try (ReportServer page =
        watch == null ? null : ReportServer.start(new RunReport(experiment, run.name), watch)) {
      if (page != null) {
        terminal().note("watch: " + page.address());
      }
      TrainingReport report =
          train(
              this,
              experiment,
              run.name,
              new TrainingOptions(bundle, from, force, List.of()),
              "train");
      terminal().result(report, report.text());
    }
  }

  /** Trains, and on Ctrl-C writes a checkpoint before the process ends. */
  static TrainingReport train(
      Command command, Stages experiment, String name, TrainingOptions options, String task) {
    Interruption interruption = command.session().interruption();
    interruption.stopWith("Stopping; a checkpoint is being written.", experiment::requestStop);
    try (ProgressView progress = command.progress(task, "rows")) {
      return experiment.train(name, options, progress);
    } finally {
      interruption.cannotStop();
    }
  }
}
