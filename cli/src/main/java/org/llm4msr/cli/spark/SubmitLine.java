package org.llm4msr.cli.spark;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.config.cluster.SparkConfig;

/** The line that starts a job: spark-submit, its options, the application and its arguments. */
public final class SubmitLine {

  private static final String MAIN = "org.llm4msr.spark.Main";
  private static final String SUBMIT = "spark-submit";
  private static final String TRAIN = "train";
  private static final String CLUSTER = "cluster";
  private static final String KUBERNETES = "k8s://";
  private static final Pattern MASTER =
      Pattern.compile("local(\\[.+])?|local-cluster\\[.+]|spark://.+|yarn|k8s://.+");

  private SubmitLine() {}

  /**
   * Writes a line.
   *
   * @param master null where that of Spark's own configuration counts
   * @param more settings of Spark, which count before those of the configuration
   * @param arguments the job and its options
   * @throws MsrException {@code spark/MASTER}, {@code spark/HOME_AND_ARCHIVE}, {@code
   *     spark/NO_APPLICATION}
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
      line.addAll(List.of("--master", known(chosen)));
    }
    line.addAll(List.of("--deploy-mode", config.deployMode()));
    if (config.archive() != null) {
      // By this option, not by the setting: YARN then unpacks it once a node, not in each process.
      line.addAll(List.of("--archives", config.archive() + "#llm4msr"));
    }
    Map<String, String> conf = defaults(config, more, arguments);
    conf.putAll(homes(here, config));
    conf.putAll(config.conf());
    conf.putAll(more);
    conf.forEach((name, value) -> line.addAll(List.of("--conf", name + "=" + value)));
    line.add(application(here, config, chosen));
    line.addAll(arguments);
    return List.copyOf(line);
  }

  private static String known(String master) {
    if (!MASTER.matcher(master).matches()) {
      throw new MsrException(
          ErrorType.USER,
          "spark/MASTER",
          "The master is %s, but must be local[N], spark://HOST:PORT, yarn or k8s://URL. Fix --master, or spark.master in the configuration."
              .formatted(master));
    }
    return master;
  }

  private static Map<String, String> defaults(
      SparkConfig config, Map<String, String> more, List<String> arguments) {
    Map<String, String> conf = new LinkedHashMap<>();
    // Spinning threads slow everything, and the log tells what the report does not.
    conf.put("spark.executorEnv.OMP_WAIT_POLICY", "PASSIVE");
    conf.put("spark.log.level", "WARN");
    // What tasks return is taken as it comes, and not held.
    conf.put("spark.driver.maxResultSize", "0");
    String factor = "spark.executor.memoryOverheadFactor";
    if (!config.conf().containsKey(factor) && !more.containsKey(factor)) {
      // Engines and databases are beside the heap: a tenth of that, as Spark has it, is too little.
      conf.put("spark.executor.memoryOverhead", "2g");
    }
    boolean trains = arguments.get(0).equals(TRAIN);
    if (trains) {
      // A training of days may lose executors again and again.
      conf.put("spark.stage.maxConsecutiveAttempts", "1000");
      // All workers begin together.
      conf.put("spark.dynamicAllocation.enabled", "false");
      conf.put("spark.executor.instances", arguments.get(1 + arguments.indexOf("--workers")));
    }
    if (config.deployMode().equals(CLUSTER)) {
      conf.put("spark.standalone.submit.waitAppCompletion", "true");
      if (!trains) {
        // Training resumes; other jobs would find what the attempt before has left.
        conf.put("spark.yarn.maxAppAttempts", "1");
      }
    }
    return conf;
  }

  /** Returns the jar as its reader finds it: this machine, or the node of the driver. */
  private static String application(
      Installation here, SparkConfig config, @Nullable String master) {
    Path jar = here.application();
    boolean onKubernetes = master != null && master.startsWith(KUBERNETES);
    boolean elsewhere = config.deployMode().equals(CLUSTER) && config.archive() == null;
    if (!elsewhere || "yarn".equals(master)) {
      return jar.toString(); // Spark sends it.
    }
    String there =
        config.home() == null
            ? jar.toString()
            : Path.of(config.home(), "lib/spark").resolve(jar.getFileName()).toString();
    return onKubernetes ? "local://" + there : there;
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
    if (config.home() != null) {
      conf.put("spark.llm4msr.home", config.home());
    } else if (config.archive() == null && here.home() != null) {
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
