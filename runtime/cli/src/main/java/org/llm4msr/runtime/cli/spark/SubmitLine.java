package org.llm4msr.runtime.cli.spark;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.config.cluster.SparkConfig;

/** The line that starts a job: spark-submit, its options, the application and its arguments. */
public final class SubmitLine {

  private static final String MAIN = "org.llm4msr.spark.Main";
  private static final String SUBMIT = "spark-submit";

  private SubmitLine() {}

  /**
   * Writes a line.
   *
   * @param master null where that of Spark's own configuration counts
   * @param more settings of Spark, which count before those of the configuration
   * @param arguments the job and its options
   * @throws MsrException {@code spark/HOME_AND_ARCHIVE}, {@code spark/NO_APPLICATION}
   */
  public static List<String> of(
      SparkConfig config,
      @Nullable String master,
      Map<String, String> more,
      List<String> arguments) {
    return of(Installation.here(), System.getenv("SPARK_HOME"), config, master, more, arguments);
  }

  static List<String> of(
      Installation here,
      @Nullable String sparkHome,
      SparkConfig config,
      @Nullable String master,
      Map<String, String> more,
      List<String> arguments) {
    List<String> line = new ArrayList<>();
    String folder = config.sparkHome() != null ? config.sparkHome() : sparkHome;
    line.add(folder == null ? SUBMIT : Path.of(folder, "bin", SUBMIT).toString());
    line.addAll(List.of("--class", MAIN, "--name", "llm4msr " + arguments.get(0)));
    String chosen = master != null ? master : config.master();
    if (chosen != null) {
      line.addAll(List.of("--master", chosen));
    }
    line.addAll(List.of("--deploy-mode", config.deployMode()));
    Map<String, String> conf = new LinkedHashMap<>();
    // Spinning threads slow everything, and the log tells what the report does not.
    conf.put("spark.executorEnv.OMP_WAIT_POLICY", "PASSIVE");
    conf.put("spark.log.level", "WARN");
    // What tasks return is taken as it comes, and not held.
    conf.put("spark.driver.maxResultSize", "0");
    if (arguments.get(0).equals("train")) {
      // A training of days may lose executors again and again.
      conf.put("spark.stage.maxConsecutiveAttempts", "1000");
    }
    conf.putAll(homes(here, config));
    conf.putAll(config.conf());
    conf.putAll(more);
    conf.forEach((name, value) -> line.addAll(List.of("--conf", name + "=" + value)));
    line.add(here.application().toString());
    line.addAll(arguments);
    return List.copyOf(line);
  }

  /** Says where the driver and the executors find the runtime. */
  private static Map<String, String> homes(Installation here, SparkConfig config) {
    Map<String, String> conf = new LinkedHashMap<>();
    if (config.home() != null && config.archive() != null) {
      throw new MsrException(
          ErrorType.USER,
          "spark/HOME_AND_ARCHIVE",
          "spark.home is %s and spark.archive is %s, but executors take llm4msr from one of them. Leave one out."
              .formatted(config.home(), config.archive()));
    }
    if (config.archive() != null) {
      conf.put("spark.archives", config.archive() + "#llm4msr");
    } else if (config.home() != null) {
      conf.put("spark.llm4msr.home", config.home());
    } else if (here.home() != null) {
      conf.put("spark.llm4msr.home", here.home().toString());
    }
    boolean elsewhere = config.home() != null || config.archive() != null;
    if (elsewhere && here.home() != null && config.deployMode().equals("client")) {
      conf.put("spark.llm4msr.driver.home", here.home().toString());
    }
    return conf;
  }

  /**
   * Refuses a line whose spark-submit is not there.
   *
   * @throws MsrException {@code spark/NO_SPARK}
   */
  public static void requireSpark(List<String> line) {
    String submit = line.get(0);
    if (submit.equals(SUBMIT) || !Files.isExecutable(Path.of(submit))) {
      throw new MsrException(
          ErrorType.USER,
          "spark/NO_SPARK",
          "%s. Unpack Spark 4 (Scala 2.13), and name its folder by SPARK_HOME or by spark.sparkHome in the configuration."
              .formatted(
                  submit.equals(SUBMIT)
                      ? "SPARK_HOME is not set"
                      : submit + " is missing, or may not be executed"));
    }
  }
}
