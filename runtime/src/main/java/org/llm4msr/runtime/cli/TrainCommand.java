package org.llm4msr.runtime.cli;

import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.llm4msr.runtime.Experiment;
import org.llm4msr.runtime.TrainingReport;
import org.llm4msr.runtime.training.Validation;
import picocli.CommandLine;
import picocli.CommandLine.Option;

/** {@code train}. */
@CommandLine.Command(
    name = "train",
    description = "Trains the model; goes on at the last checkpoint of the run.")
final class TrainCommand extends ExperimentCommand {

  private static final long SECONDS_TO_STOP = 60;

  @Option(
      names = "--run",
      defaultValue = "default",
      paramLabel = "NAME",
      description = "Name of the run (default: ${DEFAULT-VALUE}).")
  String run = "default";

  @Override
  void run() {
    Experiment experiment = experiment();
    TrainingReport report = train(this, experiment, run, "train");
    terminal().result(report, text(report));
  }

  /** Trains, and on Ctrl-C waits for a checkpoint before the process ends. */
  static TrainingReport train(Command command, Experiment experiment, String name, String task) {
    CountDownLatch ended = new CountDownLatch(1);
    Thread onInterrupt =
        new Thread(
            () -> {
              command.terminal().note("Stopping; a checkpoint is being written.");
              experiment.requestStop();
              await(ended);
            },
            "llm4msr-stop");
    Runtime.getRuntime().addShutdownHook(onInterrupt);
    try (ProgressView progress = command.progress(task, "rows")) {
      return experiment.train(name, progress);
    } finally {
      ended.countDown();
      remove(onInterrupt);
    }
  }

  private static void await(CountDownLatch ended) {
    try {
      ended.await(SECONDS_TO_STOP, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Returns false where the process is ending: then the hook is what waits for us. */
  private static boolean remove(Thread hook) {
    try {
      return Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      return false;
    }
  }

  private static String text(TrainingReport report) {
    var result = report.result();
    Validation best = result.best();
    String auc =
        best == null
            ? "no validation part"
            : String.format(Locale.ROOT, "validation AUC %.4f", best.result().overall().auc());
    return String.format(
        Locale.ROOT,
        "%s: best at step %,d of %,d%s, %s; %,.0f rows/s",
        report.run(),
        result.bestStep(),
        result.steps(),
        result.stoppedEarly() ? " (stopped early)" : "",
        auc,
        result.rowsPerSecond());
  }
}
