package org.llm4msr.cli.spark;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.config.cluster.SparkConfig;
import org.llm4msr.runtime.experiment.Experiment;
import picocli.CommandLine;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code spark prepare}. */
@CommandLine.Command(
    name = "prepare",
    description =
        "Sorts, splits and encodes the raw data of an experiment, as data prepare does, with the"
            + " nodes of a cluster.")
public final class PrepareJobCommand extends JobCommand {

  @SuppressWarnings("NullAway.Init") // picocli fills it.
  @Parameters(paramLabel = "FILE", description = "The YAML file of the experiment.")
  Path file;

  @Option(
      names = "--staging",
      paramLabel = "FOLDER",
      description =
          "A folder that all nodes have, or a URL, for what they hand over; not needed by"
              + " local[N].")
  @Nullable String staging;

  @Option(
      names = "--part-rows",
      defaultValue = "1048576",
      paramLabel = "ROWS",
      description = "Rows of a part of the prepared data (default: ${DEFAULT-VALUE}).")
  long partRows;

  @Option(names = "--force", description = "Prepare again, and replace what is there.")
  boolean force;

  @Option(
      names = "--extend",
      paramLabel = "DIR",
      description = "A bundle or prepared data whose ids are kept.")
  @Nullable Path extend;

  @Option(
      names = "-D",
      paramLabel = "KEY=VALUE",
      description = "Override a setting of the experiment, also of Spark.")
  List<String> overrides = new ArrayList<>();

  /** The result. */
  record Report(
      String out,
      long train,
      long validation,
      long test,
      long users,
      long scenarios,
      boolean reused) {}

  @Override
  protected String keptWhenInterrupted() {
    return "Interrupted; the prepared data is as it was before.";
  }

  @Override
  protected void run() throws IOException, InterruptedException {
    if (partRows < 1) {
      throw new MsrException(
          ErrorType.USER,
          "spark/PART_ROWS",
          "--part-rows is %d, but a part has at least one row. Leave it out for 1,048,576."
              .formatted(partRows));
    }
    Experiment experiment = session().open(file, overrides);
    SparkConfig config = config(experiment);
    Path out = experiment.workspace().prepared();
    Properties told = submit(config, arguments(out.toAbsolutePath().normalize()));
    if (told != null) {
      terminal().result(report(told), value(told, "text"));
    } else if (!print) {
      terminal().result(Map.of("submitted", out), ELSEWHERE);
    }
  }

  private List<String> arguments(Path out) {
    List<String> all =
        new ArrayList<>(List.of("prepare", "--config", absolute(file), "--out", out.toString()));
    add(all, "--staging", staging);
    add(all, "--part-rows", String.valueOf(partRows));
    add(all, "--extend", extend == null ? null : absolute(extend));
    add(all, "--force", force ? "true" : null);
    overrides.forEach(override -> add(all, "--set", override));
    pluginFolders.forEach(folder -> add(all, "--plugins", absolute(folder)));
    return all;
  }

  private static Report report(Properties told) {
    return new Report(
        value(told, "out"),
        Long.parseLong(value(told, "train")),
        Long.parseLong(value(told, "validation")),
        Long.parseLong(value(told, "test")),
        Long.parseLong(value(told, "users")),
        Long.parseLong(value(told, "scenarios")),
        Boolean.parseBoolean(value(told, "reused")));
  }
}
