package org.llm4msr.cli.spark;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.jspecify.annotations.Nullable;
import org.llm4msr.cli.options.RunOption;
import org.llm4msr.runtime.config.cluster.SparkConfig;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.experiment.Notice;
import picocli.CommandLine;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code spark train}. */
@CommandLine.Command(
    name = "train",
    description =
        "Trains the model as train does, by several workers on the nodes of a cluster; resumes"
            + " from the last checkpoint of the run. All nodes must see the workspace.")
public final class TrainJobCommand extends JobCommand {

  @SuppressWarnings("NullAway.Init") // picocli fills it.
  @Parameters(paramLabel = "FILE", description = "The YAML file of an experiment.")
  Path file;

  @Mixin RunOption run = new RunOption();

  @Option(
      names = "--workers",
      paramLabel = "N",
      description = "Executors that train together (default: spark.workers).")
  @Nullable Integer workers;

  @Option(
      names = "--from",
      paramLabel = "BUNDLE",
      description = "Start from the weights of this bundle, which all nodes must see.")
  @Nullable Path from;

  @Option(
      names = "--force",
      description = "Train anew: replace a run of this name, once this one has begun.")
  boolean force;

  @Option(
      names = "-D",
      paramLabel = "KEY=VALUE",
      description = "Override a setting, such as -Dtraining.epochs=3.")
  List<String> overrides = new ArrayList<>();

  /** The result. */
  record Report(
      String run,
      String bundle,
      int workers,
      long steps,
      long bestStep,
      double auc,
      double rowsPerSecond,
      boolean leakFutureInteractions) {}

  @Override
  protected String keptWhenInterrupted() {
    return "Interrupted; the last checkpoint of the run is kept. Run it again%s to resume."
        .formatted(force ? " without --force" : "");
  }

  @Override
  protected void run() throws IOException, InterruptedException {
    Experiment experiment = session().open(file, overrides);
    SparkConfig config = config(experiment);
    takeWholeExecutors(config);
    int count = workers == null ? config.workers() : workers;
    Properties told = submit(config, arguments(config, count));
    if (told != null) {
      Report report = report(told);
      terminal()
          .result(
              report, Notice.LEAK.appendedTo(value(told, "text"), report.leakFutureInteractions()));
    } else if (!print) {
      terminal().result(Map.of("submitted", run.name), ELSEWHERE);
    }
  }

  private List<String> arguments(SparkConfig config, int count) {
    List<String> all = new ArrayList<>(List.of("train", "--experiment", absolute(file)));
    all.addAll(List.of("--run", run.name, "--workers", String.valueOf(count)));
    all.addAll(List.of("--patience", String.valueOf(config.patienceSeconds())));
    if (config.partitionTables()) {
      all.addAll(List.of("--partition", "true"));
    }
    if (from != null) {
      all.addAll(List.of("--from", absolute(from)));
    }
    if (force) {
      all.addAll(List.of("--force", "true"));
    }
    overrides.forEach(override -> all.addAll(List.of("--set", override)));
    pluginFolders.forEach(folder -> all.addAll(List.of("--plugins", absolute(folder))));
    return all;
  }

  static Report report(Properties told) {
    return new Report(
        value(told, "run"),
        value(told, "bundle"),
        Integer.parseInt(value(told, "workers")),
        Long.parseLong(value(told, "steps")),
        Long.parseLong(value(told, "bestStep")),
        Double.parseDouble(value(told, "auc")),
        Double.parseDouble(value(told, "rowsPerSecond")),
        Boolean.parseBoolean(value(told, "leaks")));
  }
}
