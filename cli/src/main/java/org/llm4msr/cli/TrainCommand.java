package org.llm4msr.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.llm4msr.cli.command.Command;
import org.llm4msr.cli.command.Interruption;
import org.llm4msr.cli.command.ProgressView;
import org.llm4msr.cli.options.RunOption;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.experiment.Notice;
import org.llm4msr.runtime.experiment.TrainingOptions;
import org.llm4msr.runtime.experiment.TrainingReport;
import org.llm4msr.runtime.report.ReportServer;
import org.llm4msr.runtime.report.RunReport;
import org.llm4msr.runtime.training.TrainingResult;
import org.llm4msr.runtime.training.Validation;
import org.llm4msr.runtime.training.loss.LossText;
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
    Experiment experiment = experiment();
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
      terminal().result(report, text(report));
    }
  }

  /** Trains, and on Ctrl-C writes a checkpoint before the process ends. */
  static TrainingReport train(
      Command command, Experiment experiment, String name, TrainingOptions options, String task) {
    Interruption interruption = command.session().interruption();
    interruption.stopWith("Stopping; a checkpoint is being written.", experiment::requestStop);
    try (ProgressView progress = command.progress(task, "rows")) {
      return experiment.train(name, options, progress);
    } finally {
      interruption.cannotStop();
    }
  }

  /**
   * Says how rare positives are, and how much they count if that is not their share of the rows.
   */
  private static String balance(String of, List<TrainingResult.Labels> scenarios) {
    TrainingResult.Labels labels = TrainingResult.Labels.sum("all", scenarios);
    if (labels.rows() == 0) {
      return String.format(Locale.ROOT, "%npositives%s: no training row knows it", of);
    }
    String rows =
        String.format(
            Locale.ROOT,
            "%npositives%s: %.2f %% of %,d training rows",
            of,
            100 * labels.share(),
            labels.rows());
    return Math.abs(labels.share() - labels.weightedShare()) < 5e-5
        ? rows
        : rows
            + String.format(
                Locale.ROOT, ", %.2f %% by weight in the loss", 100 * labels.weightedShare());
  }

  private static String balance(TrainingResult result) {
    StringBuilder text = new StringBuilder(balance("", result.labels()));
    result
        .furtherLabels()
        .forEach(label -> text.append(balance(" of " + label.label(), label.scenarios())));
    return result.loss().equals(LossText.PLAIN)
        ? text.toString()
        : text.append("%nloss: ".formatted()).append(result.loss()).toString();
  }

  private static String text(TrainingReport report) {
    TrainingResult result = report.result();
    Validation best = result.best();
    String auc =
        best == null
            ? "no validation AUC: it needs rows of both classes"
            : String.format(Locale.ROOT, "validation AUC %.4f", best.result().overall().auc());
    String text =
        String.format(
            Locale.ROOT,
            "%s: best at step %,d of %,d%s, %s; %s%s%nbundle: %s",
            report.run(),
            result.bestStep(),
            result.steps(),
            result.stoppedEarly() ? " (stopped early)" : "",
            auc,
            result.rowsPerSecond() == 0
                ? "already trained, nothing left to do"
                : String.format(
                    Locale.ROOT, "%,.0f rows/s on %s", result.rowsPerSecond(), report.device()),
            result.stillImproving()
                ? System.lineSeparator() + TrainingResult.raiseEpochs(result.epochs())
                : "",
            report.bundle());
    text += balance(result);
    String marked = Notice.HISTORY.appendedTo(text, report.readsLaterParts());
    return Notice.LEAK.appendedTo(marked, report.leakFutureInteractions());
  }
}
