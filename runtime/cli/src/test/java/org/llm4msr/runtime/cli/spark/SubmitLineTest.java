package org.llm4msr.runtime.cli.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.llm4msr.runtime.config.cluster.SparkConfig;

class SubmitLineTest {

  private static final Installation HERE =
      new Installation(
          Path.of("/opt/llm4msr"), Path.of("/opt/llm4msr/lib/spark/llm4msr-spark.jar"));

  private static final List<String> JOB = List.of("score", "--in", "rows");

  @Test
  void executorsFindTheFolderOfThisInstallation() {
    SparkConfig config = config(null, null, null, "client", Map.of("spark.executor.memory", "2g"));

    assertThat(SubmitLine.of(HERE, "/opt/spark", config, "local[2]", Map.of(), JOB))
        .containsExactly(
            "/opt/spark/bin/spark-submit",
            "--class",
            "org.llm4msr.spark.Main",
            "--name",
            "llm4msr score",
            "--master",
            "local[2]",
            "--deploy-mode",
            "client",
            "--conf",
            "spark.executorEnv.OMP_WAIT_POLICY=PASSIVE",
            "--conf",
            "spark.log.level=WARN",
            "--conf",
            "spark.driver.maxResultSize=0",
            "--conf",
            "spark.llm4msr.home=/opt/llm4msr",
            "--conf",
            "spark.executor.memory=2g",
            "/opt/llm4msr/lib/spark/llm4msr-spark.jar",
            "score",
            "--in",
            "rows");
  }

  @Test
  void whatTheCommandSaysCountsBeforeTheFile() {
    SparkConfig config =
        config("yarn", "/own/spark", null, "client", Map.of("spark.log.level", "INFO"));

    List<String> line =
        SubmitLine.of(
            HERE, "/opt/spark", config, "spark://a:7077", Map.of("spark.log.level", "ERROR"), JOB);

    assertThat(line)
        .startsWith("/own/spark/bin/spark-submit")
        .contains("spark://a:7077", "spark.log.level=ERROR")
        .doesNotContain("yarn", "spark.log.level=INFO", "spark.log.level=WARN");
  }

  @Test
  void theDriverHereHasItsOwnFolderWhereNodesHaveAnother() {
    SparkConfig config = config("yarn", null, "/nodes/llm4msr", "client", Map.of());
    assertThat(SubmitLine.of(HERE, null, config, null, Map.of(), JOB))
        .startsWith("spark-submit")
        .contains("spark.llm4msr.home=/nodes/llm4msr", "spark.llm4msr.driver.home=/opt/llm4msr");

    SparkConfig away = config("yarn", null, "/nodes/llm4msr", "cluster", Map.of());
    assertThat(SubmitLine.of(HERE, null, away, null, Map.of(), JOB))
        .doesNotContain("spark.llm4msr.driver.home=/opt/llm4msr");
  }

  @Test
  void anArchiveIsSentUnderOneName() {
    SparkConfig config =
        new SparkConfig("yarn", "client", null, null, "hdfs:///llm4msr.tar.gz", Map.of(), 2, false, 3600);

    assertThat(SubmitLine.of(HERE, null, config, null, Map.of(), JOB))
        .contains("spark.archives=hdfs:///llm4msr.tar.gz#llm4msr")
        .noneMatch(word -> word.startsWith("spark.llm4msr.home="));
    SparkConfig both = new SparkConfig(null, "client", null, "/a", "b.tar.gz", Map.of(), 2, false, 3600);
    assertThatThrownBy(() -> SubmitLine.of(HERE, null, both, null, Map.of(), JOB))
        .hasMessageStartingWith("[spark/HOME_AND_ARCHIVE] ");
  }

  @Test
  void sparkThatIsNotThereIsNamed() {
    assertThatThrownBy(() -> SubmitLine.requireSpark(List.of("spark-submit")))
        .hasMessageStartingWith("[spark/NO_SPARK] SPARK_HOME is not set.");
    assertThatThrownBy(() -> SubmitLine.requireSpark(List.of("/none/bin/spark-submit")))
        .hasMessageStartingWith("[spark/NO_SPARK] /none/bin/spark-submit is missing");
  }

  private static SparkConfig config(
      String master, String sparkHome, String home, String deployMode, Map<String, String> conf) {
    return new SparkConfig(master, deployMode, sparkHome, home, null, conf, 2, false, 3600);
  }
}
