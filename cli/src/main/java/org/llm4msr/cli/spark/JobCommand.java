package org.llm4msr.cli.spark;

import static java.util.Objects.requireNonNull;

import jakarta.validation.Valid;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.Setting;
import org.llm4msr.cli.command.Command;
import org.llm4msr.runtime.config.cluster.SparkConfig;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.text.ShellWord;
import picocli.CommandLine.Option;

/** A job, and how Spark runs it. */
public abstract class JobCommand extends Command {

  private static final String CORES = "spark.executor.cores";
  private static final String TASK_CORES = "spark.task.cpus";

  /** What is told where the driver runs elsewhere: only YARN tells whether it failed. */
  static final String ELSEWHERE =
      "spark-submit has ended without an error; the driver's log tells how the job ended.";

  @Option(
      names = "--master",
      paramLabel = "URL",
      description = "local[N], spark://HOST:PORT, yarn or k8s://URL (default: spark.master).")
  private @Nullable String master;

  @Option(
      names = "--conf",
      paramLabel = "NAME=VALUE",
      description = "A setting of Spark, such as spark.executor.memory=8g; repeatable.")
  private Map<String, String> conf = new LinkedHashMap<>();

  @Option(names = "--print", description = "Print the line of spark-submit, and run nothing.")
  boolean print;

  /** Runs a job, or prints its line; returns what its driver reports, null where nothing does. */
  final @Nullable Properties submit(SparkConfig config, List<String> arguments)
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

  /**
   * Gives a task all cores of its executor, where these are stated: it holds one model, which uses
   * them.
   */
  final void takeWholeExecutors(SparkConfig config) {
    String cores = conf.getOrDefault(CORES, config.conf().get(CORES));
    if (cores != null && !config.conf().containsKey(TASK_CORES)) {
      conf.putIfAbsent(TASK_CORES, cores);
    }
  }

  /** Returns how an experiment wants its jobs to run. */
  final SparkConfig config(Experiment experiment) {
    SparkConfig stated = experiment.config().config().spark();
    return stated == null ? section(List.of()) : stated;
  }

  /** The section of a job that no file describes. */
  final SparkConfig section(List<String> overrides) {
    return session().loader().bind(Section.class, overrides, "the command line").spark();
  }

  /** Adds an option of the job, if it has a value. */
  static void add(List<String> all, String name, @Nullable String value) {
    if (value != null) {
      all.addAll(List.of(name, value));
    }
  }

  /** Returns a path as the driver finds it. */
  static String absolute(Path path) {
    return path.toAbsolutePath().normalize().toString();
  }

  /** Returns a value that the driver tells. */
  static String value(Properties told, String name) {
    return requireNonNull(told.getProperty(name), name);
  }

  /** The section {@code spark} where no file of an experiment has it. */
  record Section(
      @Setting(value = "How jobs run on Apache Spark", defaultValue = "{}") @Valid
          SparkConfig spark) {}
}
