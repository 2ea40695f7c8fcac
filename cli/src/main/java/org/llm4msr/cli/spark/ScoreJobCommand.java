package org.llm4msr.cli.spark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.cli.options.RunOption;
import org.llm4msr.cli.options.ScoringOptions;
import org.llm4msr.runtime.config.cluster.SparkConfig;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.experiment.Notice;
import org.llm4msr.runtime.scoring.UnknownIds;
import picocli.CommandLine;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code spark score}. */
@CommandLine.Command(
    name = "score",
    description =
        "Scores rows of raw ids with the model of a bundle, as score does, on the nodes of a"
            + " cluster.")
public final class ScoreJobCommand extends JobCommand {

  @SuppressWarnings("NullAway.Init") // picocli fills it.
  @Parameters(
      paramLabel = "FILE|BUNDLE",
      description = "The YAML file of an experiment, or a bundle: a folder, or a URL.")
  String target;

  @Mixin RunOption run = new RunOption();

  @SuppressWarnings("NullAway.Init") // picocli fills it.
  @Option(
      names = "--in",
      required = true,
      paramLabel = "PLACE",
      description = "The rows: files, a folder of files, or a table.")
  String in;

  @SuppressWarnings("NullAway.Init") // picocli fills it.
  @Option(
      names = "--out",
      required = true,
      paramLabel = "FOLDER",
      description = "The scores: a folder of Parquet files.")
  String out;

  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      description =
          "parquet, csv, orc, or table of the session's catalogue (default: by the name of the"
              + " rows).")
  @Nullable String format;

  @Option(
      names = "--read",
      paramLabel = "NAME=VALUE",
      description = "An option of Spark's reader, such as multiLine=true; repeatable.")
  Map<String, String> read = new LinkedHashMap<>();

  @Mixin ScoringOptions options = new ScoringOptions();

  @Option(
      names = "-D",
      paramLabel = "KEY=VALUE",
      description =
          "Override a setting: of the bundle, such as -Druntime.engine=MXNet, or of Spark, such"
              + " as -Dspark.home=/opt/llm4msr.")
  List<String> overrides = new ArrayList<>();

  /** The result. */
  record Report(
      String out,
      long rows,
      long malformed,
      List<String> problems,
      UnknownIds unknown,
      double rowsPerSecond,
      boolean leakFutureInteractions,
      boolean untimed) {}

  @Override
  protected String keptWhenInterrupted() {
    return "Interrupted; no scores are written. Run it again.";
  }

  @Override
  protected void run() throws IOException, InterruptedException {
    List<String> ofFile =
        overrides.stream().filter(one -> one.matches("(spark|workspace)[.=].*")).toList();
    String bundle = target;
    SparkConfig config;
    if (!target.contains("://") && Files.isRegularFile(Path.of(target))) {
      Experiment experiment = session().open(Path.of(target), ofFile);
      config = config(experiment);
      bundle = experiment.workspace().run(run.name).resolve("bundle").toString();
    } else {
      config = section(ofFile);
    }
    Properties told = submit(config, arguments(bundle(bundle, config), ofFile));
    if (told != null) {
      Report report = report(told);
      String ids = report.unknown().text(report.rows() - report.malformed());
      String text = value(told, "text") + (ids.isEmpty() ? "" : "\n" + ids);
      String marked = Notice.UNTIMED.appendedTo(text, report.untimed());
      terminal().result(report, Notice.LEAK.appendedTo(marked, report.leakFutureInteractions()));
    } else if (!print) {
      terminal().result(Map.of("submitted", out), ELSEWHERE);
    }
  }

  private static String bundle(String place, SparkConfig config) {
    if (place.contains("://") || config.deployMode().equals("cluster")) {
      return place;
    }
    if (!Files.isDirectory(Path.of(place))) {
      throw new MsrException(
          ErrorType.USER,
          "spark/NO_BUNDLE",
          "There is no bundle %s. Train the run first, or name the folder of a bundle."
              .formatted(place));
    }
    return Path.of(place).toAbsolutePath().normalize().toString();
  }

  private List<String> arguments(String bundle, List<String> ofFile) {
    List<String> all = new ArrayList<>(List.of("score", "--bundle", bundle, "--in", in));
    add(all, "--format", format);
    read.forEach((name, value) -> add(all, "--read", name + "=" + value));
    add(all, "--out", out);
    options.keep.forEach(column -> add(all, "--keep", column));
    add(all, "--list-separator", options.listSeparator);
    add(all, "--knowledge", options.knowledge);
    add(all, "--malformed", options.malformed.name().toLowerCase(Locale.ROOT));
    add(all, "--force", options.force ? "true" : null);
    overrides.stream()
        .filter(override -> !ofFile.contains(override))
        .forEach(override -> add(all, "--set", override));
    pluginFolders.forEach(
        folder -> add(all, "--plugins", folder.toAbsolutePath().normalize().toString()));
    return all;
  }

  private static Report report(Properties told) {
    List<String> problems =
        IntStream.iterate(0, i -> i + 1)
            .mapToObj(i -> told.getProperty("problem." + i))
            .takeWhile(problem -> problem != null)
            .toList();
    return new Report(
        value(told, "out"),
        Long.parseLong(value(told, "rows")),
        Long.parseLong(value(told, "malformed")),
        problems,
        new UnknownIds(
            Long.parseLong(value(told, "unknownUsers")),
            Long.parseLong(value(told, "unknownItems"))),
        Double.parseDouble(value(told, "rowsPerSecond")),
        Boolean.parseBoolean(value(told, "leakFutureInteractions")),
        Boolean.parseBoolean(value(told, "untimed")));
  }
}
