package org.llm4msr.cli.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
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
            "spark.executor.memoryOverhead=2g",
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
        new SparkConfig(
            "yarn", "client", null, null, "hdfs:///llm4msr.tar.gz", Map.of(), 2, false, 3600);

    assertThat(SubmitLine.of(HERE, null, config, null, Map.of(), JOB))
        .containsSequence("--archives", "hdfs:///llm4msr.tar.gz#llm4msr")
        .contains("spark.llm4msr.driver.home=/opt/llm4msr")
        .noneMatch(word -> word.startsWith("spark.llm4msr.home="));
    SparkConfig both =
        new SparkConfig(null, "client", null, "/a", "b.tar.gz", Map.of(), 2, false, 3600);
    assertThatThrownBy(() -> SubmitLine.of(HERE, null, both, null, Map.of(), JOB))
        .hasMessageStartingWith("[spark/HOME_AND_ARCHIVE] ");
  }

  @Test
  void aDriverElsewhereFindsTheJarWhereItRuns() {
    String here = "/opt/llm4msr/lib/spark/llm4msr-spark.jar";
    String there = "/nodes/lib/spark/llm4msr-spark.jar";
    assertThat(jar("k8s://https://a:6443", "/nodes", null)).isEqualTo("local://" + there);
    assertThat(jar("k8s://https://a:6443", null, null)).isEqualTo("local://" + here);
    assertThat(jar("k8s://https://a:6443", null, "s3a://b/a.tar.gz")).isEqualTo(here);
    assertThat(jar("spark://a:7077", "/nodes", null)).isEqualTo(there);
    assertThat(jar("yarn", "/nodes", null)).isEqualTo(here);
  }

  private static String jar(String master, @Nullable String home, @Nullable String archive) {
    SparkConfig config =
        new SparkConfig(master, "cluster", null, home, archive, Map.of(), 2, false, 3600);
    List<String> line = SubmitLine.of(HERE, null, config, null, Map.of(), JOB);
    return line.get(line.size() - JOB.size() - 1);
  }

  @Test
  void workersBeginTogetherAndOnlyTrainingIsTriedAgain() {
    SparkConfig config = config("yarn", null, null, "cluster", Map.of());
    List<String> train = List.of("train", "--run", "one", "--workers", "6");

    assertThat(SubmitLine.of(HERE, null, config, null, Map.of(), train))
        .contains("spark.executor.instances=6", "spark.dynamicAllocation.enabled=false")
        .doesNotContain("spark.yarn.maxAppAttempts=1");
    assertThat(SubmitLine.of(HERE, null, config, null, Map.of(), JOB))
        .contains("spark.yarn.maxAppAttempts=1")
        .noneMatch(word -> word.startsWith("spark.executor.instances="));
  }

  @Test
  void memoryBesideTheHeapIsThatOfTheFile() {
    SparkConfig stated =
        config(null, null, null, "client", Map.of("spark.executor.memoryOverhead", "5g"));
    assertThat(SubmitLine.of(HERE, null, stated, null, Map.of(), JOB))
        .contains("spark.executor.memoryOverhead=5g")
        .doesNotContain("spark.executor.memoryOverhead=2g");
    SparkConfig none = config(null, null, null, "client", Map.of());
    Map<String, String> factor = Map.of("spark.executor.memoryOverheadFactor", "0.5");
    assertThat(SubmitLine.of(HERE, null, none, null, factor, JOB))
        .doesNotContain("spark.executor.memoryOverhead=2g");
  }

  @Test
  void aMasterThatSparkDoesNotKnowIsRefused() {
    SparkConfig config = config(null, null, null, "client", Map.of());
    for (String master : List.of("local", "local[*]", "local-cluster[2,1,1024]", "k8s://a")) {
      assertThat(SubmitLine.of(HERE, null, config, master, Map.of(), JOB)).contains(master);
    }
    assertThatThrownBy(() -> SubmitLine.of(HERE, null, config, "host:7077", Map.of(), JOB))
        .hasMessage(
            "[spark/MASTER] The master is host:7077, but must be local[N], spark://HOST:PORT, yarn or k8s://URL. Fix --master, or spark.master in the configuration.");
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
