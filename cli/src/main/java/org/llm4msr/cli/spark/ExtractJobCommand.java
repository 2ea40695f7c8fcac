package org.llm4msr.cli.spark;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.config.cluster.SparkConfig;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.experiment.Notice;
import picocli.CommandLine;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code spark extract}. */
@CommandLine.Command(
    name = "extract",
    description =
        "Fills the knowledge store of an experiment, as knowledge extract does, with language"
            + " models on the nodes of a cluster; resumes where it stopped.")
public final class ExtractJobCommand extends JobCommand {

  @SuppressWarnings("NullAway.Init") // picocli fills it.
  @Parameters(paramLabel = "FILE", description = "The YAML file of the experiment.")
  Path file;

  @Option(
      names = {"--rebuild", "--force"},
      description = "Discard what is stored, and extract everything again.")
  boolean rebuild;

  @Option(
      names = "-D",
      paramLabel = "KEY=VALUE",
      description = "Override a setting, such as -Dspark.home=/opt/llm4msr.")
  List<String> overrides = new ArrayList<>();

  /** The result; {@code without} counts users and items. */
  record Report(
      String folder,
      int scenarios,
      int users,
      int items,
      long read,
      long stored,
      long without,
      double promptsPerSecond,
      long calls,
      long repeated,
      boolean leakFutureInteractions) {}

  @Override
  protected String keptWhenInterrupted() {
    return "Interrupted; vectors that came from the cluster are stored. Run it again to resume.";
  }

  @Override
  protected void run() throws IOException, InterruptedException {
    Experiment experiment = session().open(file, overrides);
    SparkConfig config = config(experiment);
    if (config.deployMode().equals("cluster")) {
      throw new MsrException(
          ErrorType.USER,
          "spark/DRIVER_ELSEWHERE",
          "spark.deployMode is cluster, but the driver writes into %s on this machine. Set client."
              .formatted(experiment.workspace().knowledge()));
    }
    takeWholeExecutors(config);
    Properties told = submit(config, arguments());
    if (told != null) {
      Report report = report(told);
      terminal()
          .result(
              report, Notice.LEAK.appendedTo(value(told, "text"), report.leakFutureInteractions()));
    }
  }

  private List<String> arguments() {
    List<String> all = new ArrayList<>(List.of("extract", "--experiment", absolute(file)));
    add(all, "--rebuild", rebuild ? "true" : null);
    overrides.forEach(override -> add(all, "--set", override));
    pluginFolders.forEach(folder -> add(all, "--plugins", absolute(folder)));
    return all;
  }

  private static Report report(Properties told) {
    long read = Long.parseLong(value(told, "read"));
    double seconds = Double.parseDouble(value(told, "seconds"));
    return new Report(
        value(told, "folder"),
        Integer.parseInt(value(told, "scenarios")),
        Integer.parseInt(value(told, "users")),
        Integer.parseInt(value(told, "items")),
        read,
        Long.parseLong(value(told, "stored")),
        Long.parseLong(value(told, "without")),
        read == 0 ? 0 : read / seconds,
        Long.parseLong(value(told, "calls")),
        Long.parseLong(value(told, "repeated")),
        Boolean.parseBoolean(value(told, "leaks")));
  }
}
