package org.llm4msr.runtime.cli;

import static java.util.Objects.requireNonNull;

import jakarta.validation.Valid;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Setting;
import org.llm4msr.runtime.cli.options.RunOption;
import org.llm4msr.runtime.cli.spark.SubmitLine;
import org.llm4msr.runtime.cli.spark.SubmittedJob;
import org.llm4msr.runtime.config.MalformedConfig.Policy;
import org.llm4msr.runtime.config.cluster.SparkConfig;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.experiment.Notice;
import org.llm4msr.runtime.text.ShellWord;
import picocli.CommandLine;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code spark}. */
@CommandLine.Command(
    name = "spark",
    description = "Runs jobs on Apache Spark, where one machine is not enough.",
    subcommands = {SparkCommand.Prepare.class, SparkCommand.Score.class})
final class SparkCommand extends CommandGroup {

  /** The section {@code spark} where no file of an experiment has it. */
  record Section(
      @Setting(value = "How jobs run on Apache Spark", defaultValue = "{}") @Valid
          SparkConfig spark) {}

  /** A job, and how Spark runs it. */
  abstract static class JobCommand extends Command {

    @Option(
        names = "--master",
        paramLabel = "URL",
        description = "local[N], spark://HOST:PORT, yarn or k8s://URL (default: spark.master).")
    @Nullable String master;

    @Option(
        names = "--conf",
        paramLabel = "NAME=VALUE",
        description = "A setting of Spark, such as spark.executor.memory=8g; repeatable.")
    Map<String, String> conf = new LinkedHashMap<>();

    @Option(names = "--print", description = "Print the line of spark-submit, and run nothing.")
    boolean print;

    /** Runs a job, or prints its line; returns what its driver reports, null where nothing does. */
    @Nullable Properties submit(SparkConfig config, List<String> arguments)
        throws IOException, InterruptedException {
      if (print) {
        List<String> line = SubmitLine.of(config, master, conf, arguments);
        String text = line.stream().map(ShellWord::quoted).collect(Collectors.joining(" "));
        terminal().result(Map.of("command", line), text);
        return null;
      }
      Path answer = Files.createTempFile("llm4msr-spark-", ".properties");
      try {
        List<String> all = new ArrayList<>(arguments);
        boolean here = config.deployMode().equals("client");
        if (here) {
          all.addAll(List.of("--answer", answer.toString()));
        }
        List<String> line = SubmitLine.of(config, master, conf, all);
        SubmitLine.requireSpark(line);
        SubmittedJob job = SubmittedJob.start(line);
        session().interruption().stopWith("Stopping the job on Spark.", job::stop);
        Properties told = job.await(terminal().err(), answer);
        return here ? told : null;
      } finally {
        session().interruption().cannotStop();
        Files.delete(answer);
      }
    }
  }

  /** {@code spark prepare}. */
  @CommandLine.Command(
      name = "prepare",
      description =
          "Sorts, splits and encodes the raw data of an experiment, as data prepare does, with the"
              + " nodes of a cluster.")
  static final class Prepare extends JobCommand {

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
    String keptWhenInterrupted() {
      return "Interrupted; the prepared data is as it was before.";
    }

    @Override
    void run() throws IOException, InterruptedException {
      if (partRows < 1) {
        throw new MsrException(
            ErrorType.USER,
            "spark/PART_ROWS",
            "--part-rows is %d, but a part has at least one row. Leave it out for 1,048,576."
                .formatted(partRows));
      }
      Experiment experiment = session().open(file, overrides);
      SparkConfig stated = experiment.config().config().spark();
      SparkConfig config =
          stated == null
              ? session().loader().bind(Section.class, List.of(), "the command line").spark()
              : stated;
      Path out = experiment.workspace().prepared();
      Properties told = submit(config, arguments(out.toAbsolutePath().normalize()));
      if (told != null) {
        Report report = report(told);
        terminal().result(report, text(report));
      } else if (!print) {
        terminal()
            .result(Map.of("submitted", out), "The job is done; the driver's log has its report.");
      }
    }

    private List<String> arguments(Path out) {
      List<String> all =
          new ArrayList<>(List.of("prepare", "--config", absolute(file), "--out", out.toString()));
      Score.add(all, "--staging", staging);
      Score.add(all, "--part-rows", String.valueOf(partRows));
      Score.add(all, "--extend", extend == null ? null : absolute(extend));
      Score.add(all, "--force", force ? "true" : null);
      overrides.forEach(override -> Score.add(all, "--set", override));
      pluginFolders.forEach(folder -> Score.add(all, "--plugins", absolute(folder)));
      return all;
    }

    private static String absolute(Path path) {
      return path.toAbsolutePath().normalize().toString();
    }

    private static Report report(Properties told) {
      return new Report(
          Score.value(told, "out"),
          Long.parseLong(Score.value(told, "train")),
          Long.parseLong(Score.value(told, "validation")),
          Long.parseLong(Score.value(told, "test")),
          Long.parseLong(Score.value(told, "users")),
          Long.parseLong(Score.value(told, "scenarios")),
          Boolean.parseBoolean(Score.value(told, "reused")));
    }

    private static String text(Report report) {
      return String.format(
          Locale.ROOT,
          "%s: %,d training, %,d validation and %,d test rows of %,d users in %d scenarios%s",
          report.out(),
          report.train(),
          report.validation(),
          report.test(),
          report.users(),
          report.scenarios(),
          report.reused() ? " (already prepared)" : "");
    }
  }

  /** {@code spark score}. */
  @CommandLine.Command(
      name = "score",
      description =
          "Scores rows of raw ids with the model of a bundle, as score does, on the nodes of a"
              + " cluster.")
  static final class Score extends JobCommand {

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

    @Option(
        names = "--keep",
        split = ",",
        defaultValue = "user,item,scenario",
        paramLabel = "COLUMN",
        description = "Columns to copy next to the scores (default: ${DEFAULT-VALUE}).")
    List<String> keep = List.of();

    @Option(
        names = "--list-separator",
        defaultValue = "|",
        paramLabel = "TEXT",
        description =
            "Separator of the values of a list that is written as text (default:"
                + " ${DEFAULT-VALUE}).")
    String listSeparator = "|";

    @Option(
        names = "--knowledge",
        paramLabel = "FOLDER",
        description = "A knowledge store with the vectors of items that the bundle does not know.")
    @Nullable String knowledge;

    @Option(
        names = "--malformed",
        defaultValue = "strict",
        paramLabel = "POLICY",
        description =
            "strict: a row that cannot be read is an error. skip: such rows have no score, and the"
                + " column problem says why (default: ${DEFAULT-VALUE}).")
    Policy malformed = Policy.STRICT;

    @Option(names = "--force", description = "Replace an existing folder of scores.")
    boolean force;

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
        double rowsPerSecond,
        boolean leakFutureInteractions) {}

    @Override
    String keptWhenInterrupted() {
      return "Interrupted; no scores are written. Run it again.";
    }

    @Override
    void run() throws IOException, InterruptedException {
      List<String> ofFile =
          overrides.stream().filter(one -> one.matches("(spark|workspace)[.=].*")).toList();
      String bundle = target;
      SparkConfig config;
      if (!target.contains("://") && Files.isRegularFile(Path.of(target))) {
        Experiment experiment = session().open(Path.of(target), ofFile);
        SparkConfig stated = experiment.config().config().spark();
        config = stated == null ? section(List.of()) : stated;
        bundle = experiment.workspace().run(run.name).resolve("bundle").toString();
      } else {
        config = section(ofFile);
      }
      Properties told = submit(config, arguments(bundle(bundle, config), ofFile));
      if (told != null) {
        Report report = report(told);
        terminal()
            .result(report, Notice.LEAK.appendedTo(text(report), report.leakFutureInteractions()));
      } else if (!print) {
        terminal()
            .result(Map.of("submitted", out), "The job is done; the driver's log has its report.");
      }
    }

    private SparkConfig section(List<String> ofFile) {
      return session().loader().bind(Section.class, ofFile, "the command line").spark();
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
      keep.forEach(column -> add(all, "--keep", column));
      add(all, "--list-separator", listSeparator);
      add(all, "--knowledge", knowledge);
      add(all, "--malformed", malformed.name().toLowerCase(Locale.ROOT));
      add(all, "--force", force ? "true" : null);
      overrides.stream()
          .filter(override -> !ofFile.contains(override))
          .forEach(override -> add(all, "--set", override));
      pluginFolders.forEach(
          folder -> add(all, "--plugins", folder.toAbsolutePath().normalize().toString()));
      return all;
    }

    private static void add(List<String> all, String name, @Nullable String value) {
      if (value != null) {
        all.addAll(List.of(name, value));
      }
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
          Double.parseDouble(value(told, "rowsPerSecond")),
          Boolean.parseBoolean(value(told, "leakFutureInteractions")));
    }

    private static String value(Properties told, String name) {
      return requireNonNull(told.getProperty(name), name);
    }

    private static String text(Report report) {
      StringBuilder text =
          new StringBuilder(
              String.format(
                  Locale.ROOT,
                  "%s: %,d rows, %,.0f rows/s",
                  report.out(),
                  report.rows(),
                  report.rowsPerSecond()));
      if (report.malformed() > 0) {
        text.append(
            String.format(
                Locale.ROOT,
                "%nRows that cannot be read and have no score: %,d",
                report.malformed()));
        report.problems().forEach(problem -> text.append("%n  ".formatted()).append(problem));
        if (report.malformed() > report.problems().size()) {
          text.append("%n  ... The column problem names them all.".formatted());
        }
      }
      return text.toString();
    }
  }
}
