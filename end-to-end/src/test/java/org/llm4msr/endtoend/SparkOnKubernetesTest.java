package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The pods that Spark asks Kubernetes for; none of them runs. */
@Tag("cluster")
class SparkOnKubernetesTest {

  private static final int WORKERS = 3;

  private static final List<String> CONF =
      List.of(
          "spark.ui.enabled=false",
          "spark.kubernetes.container.image=registry/llm4msr-spark:1",
          "spark.kubernetes.submission.waitAppCompletion=false",
          "spark.executor.memory=3g",
          "spark.kubernetes.driver.volumes.persistentVolumeClaim.data.mount.path=/data",
          "spark.kubernetes.driver.volumes.persistentVolumeClaim.data.options.claimName=rows",
          "spark.kubernetes.executor.volumes.persistentVolumeClaim.data.mount.path=/data",
          "spark.kubernetes.executor.volumes.persistentVolumeClaim.data.options.claimName=rows");

  @TempDir static Path folder;
  private static Cli cli;
  private static Map<String, String> environment;

  @BeforeAll
  static void begin() throws IOException {
    cli = new Cli(folder);
    SparkFolder.writeApplication(folder.resolve("checkout/spark/target/launcher/spark"));
    environment = SparkFolder.write(SharedFolder.make("llm4msr-spark-kubernetes"));
  }

  @Test
  void theDriverFindsTheJarInTheImage() throws Exception {
    try (FakeKubernetes cluster = new FakeKubernetes()) {
      Cli.Outcome outcome =
          start(
                  cluster,
                  "score",
                  "s3a://models/bundle",
                  "--in=/data/rows",
                  "--out=/data/scores",
                  "-Dspark.deployMode=cluster")
              .await();

      assertThat(outcome.code()).as(outcome.err()).isZero();
      JsonNode pod = cluster.created("Pod").get(0);
      JsonNode container = pod.at("/spec/containers/0");
      assertThat(container.get("image").asText()).isEqualTo("registry/llm4msr-spark:1");
      assertThat(texts(container.get("args")))
          .contains(
              "driver",
              "org.llm4msr.spark.Main",
              "local:///opt/llm4msr/lib/spark/llm4msr-spark.jar",
              "s3a://models/bundle");
      assertThat(container.get("volumeMounts").findValuesAsText("mountPath")).contains("/data");
      assertThat(cluster.created("ConfigMap").toString())
          .contains("spark.llm4msr.home=/opt/llm4msr", "spark.executor.memoryOverhead=2g");
    }
  }

  @Test
  void eachWorkerIsAPodWithMemoryBesideTheHeap() throws Exception {
    SmallShop shop = SmallShop.write(folder, 1, 20, 50, 10, List.of("feed"));
    try (FakeKubernetes cluster = new FakeKubernetes()) {
      Cli.Running running =
          start(cluster, "train", shop.experiment().toString(), "--workers=" + WORKERS);
      Await.whileAlive(running.process(), () -> cluster.created("Pod").size() >= WORKERS);
      running.process().descendants().forEach(ProcessHandle::destroyForcibly);
      Cli.Outcome outcome = running.await();

      List<JsonNode> pods = cluster.created("Pod");
      assertThat(pods).as(outcome.err()).hasSize(WORKERS);
      JsonNode container = pods.get(0).at("/spec/containers/0");
      assertThat(container.at("/resources/requests/memory").asText()).isEqualTo("5120Mi");
      assertThat(container.get("env").toString())
          .contains("{\"name\":\"OMP_WAIT_POLICY\",\"value\":\"PASSIVE\"}");
      assertThat(container.get("volumeMounts").findValuesAsText("mountPath")).contains("/data");
    }
  }

  private static List<String> texts(JsonNode array) {
    List<String> texts = new ArrayList<>();
    array.forEach(each -> texts.add(each.asText()));
    return texts;
  }

  private static Cli.Running start(FakeKubernetes cluster, String job, String... more)
      throws IOException {
    List<String> arguments = new ArrayList<>(List.of("spark", job));
    arguments.addAll(List.of(more));
    arguments.addAll(List.of("--master=" + cluster.master(), "-Dspark.home=/opt/llm4msr"));
    CONF.forEach(setting -> arguments.add("--conf=" + setting));
    return cli.start(environment, arguments.toArray(String[]::new));
  }
}
