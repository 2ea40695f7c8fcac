package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.experiment.Experiment;

/** Training by several workers beside training in one process, with and without Spark. */
class SparkTrainingTest {

  private static final List<String> SPARK =
      List.of(
          "spark.scheduler.barrier.maxConcurrentTasksCheck.interval=1s",
          "spark.scheduler.barrier.maxConcurrentTasksCheck.maxFailures=200");

  /** Checkpoints every fifth of a second. Without normalisations, threads can be workers. */
  private static final String[] SETTINGS = {
    "training.epochs=40",
    "training.patience=0",
    "training.optimizer.learningRate=0.001",
    "runtime.checkpointMinutes=0.003",
    "model.backbone={name: mmoe, experts: 2, expert: [8], tower: [4], batchNorm: false}"
  };

  private static final List<String> NORMALISED =
      List.of("training.epochs=20", "model.backbone.batchNorm=true");

  @TempDir static Path folder;
  private static SmallShop shop;
  private static Cli cli;
  private static Map<String, String> environment;

  @BeforeAll
  static void train() throws IOException {
    shop = SmallShop.write(folder, 5, 1000, 3000, 90, List.of("feed", "search", "home"));
    Experiment experiment = open();
    experiment.prepare(false, Progress.NONE);
    experiment.extract(false, Progress.NONE);
    experiment.train("alone", Progress.NONE);
    ThreadWorkers.train(SparkTrainingTest::open, "two", 2);
    cli = new Cli(folder);
    SparkFolder.writeApplication(folder.resolve("checkout/spark/target/spark"));
    environment = SparkFolder.write(SharedFolder.make("llm4msr-spark-home"));
  }

  private static Experiment open() {
    return Experiment.fromYaml(shop.experiment(), SETTINGS);
  }

  @Test
  void twoWorkersLearnWhatOneProcessLearns() throws IOException {
    SameResults.assertSameLosses(run("two"), run("alone"));
    assertThat(run("two").resolve("bundle")).isDirectory();
  }

  @Test
  @Tag("slow")
  void aClusterThatLosesAnExecutorLearnsWhatAnUndisturbedOneLearns() throws Exception {
    Cli.Running running = start("local-cluster[2,1,1024]", "spark");
    boolean killed = killOneExecutor(running);
    Cli.Outcome outcome = running.await();

    assertThat(outcome.code()).as(outcome.err()).isZero();
    assertThat(killed).as("an executor is killed after a checkpoint").isTrue();
    JsonNode report = new ObjectMapper().readTree(outcome.out());
    assertThat(report.get("workers").asInt()).isEqualTo(2);
    assertThat(report.get("bundle").asText()).isEqualTo(run("spark").resolve("bundle").toString());
    SameResults.assertSameCheckpoints(run("spark"), run("two"));
  }

  @Test
  @Tag("slow")
  void workersOfOneProcessAndErrorsOfAllAreNamed() throws Exception {
    Cli.Outcome shared = start("local[2]", "shared").await();
    assertThat(shared.code()).isEqualTo(2);
    assertThat(shared.err()).contains("[spark/WORKERS_SHARE_PROCESS] ");

    Cli.Outcome few = start("local-cluster[2,1,1024]", "few", "-Dtraining.batchSize=3").await();
    assertThat(few.code()).isEqualTo(2);
    assertThat(few.err()).contains("[training/FEW_ROWS_A_WORKER] training.batchSize is 3");
  }

  /**
   * Normalisation amplifies rounding: in one process, a learning rate that differs by one part in
   * ten million moves the losses of later lines as far. Statistics of fewer rows differ at once.
   */
  @Test
  @Tag("slow")
  void normalisationsAreOverWholeBatches() throws Exception {
    List<String> settings = new ArrayList<>(List.of(SETTINGS));
    settings.addAll(NORMALISED);
    Experiment.fromYaml(shop.experiment(), settings.toArray(String[]::new))
        .train("normalised", Progress.NONE);
    List<String> more = new ArrayList<>(List.of("--workers=3"));
    NORMALISED.forEach(setting -> more.add("-D" + setting));

    Cli.Outcome outcome =
        start("local-cluster[3,1,1024]", "of-three", more.toArray(String[]::new)).await();

    assertThat(outcome.code()).as(outcome.err()).isZero();
    List<Double> apart = SameResults.differences(run("of-three"), run("normalised"));
    assertThat(apart.get(0)).isCloseTo(0.0, within(1e-5));
    assertThat(apart).as("differences by line").allMatch(each -> Math.abs(each) < 0.01);
  }

  private static Cli.Running start(String master, String run, String... more) throws IOException {
    List<String> arguments = new ArrayList<>(List.of("spark", "train", "--master=" + master));
    SparkFolder.LOOPBACK.forEach(setting -> arguments.add("--conf=" + setting));
    SPARK.forEach(setting -> arguments.add("--conf=" + setting));
    arguments.addAll(List.of(shop.experiment().toString(), "--run=" + run, "--json"));
    for (String setting : SETTINGS) {
      arguments.add("-D" + setting);
    }
    arguments.addAll(List.of(more));
    return cli.start(environment, arguments.toArray(String[]::new));
  }

  private static boolean killOneExecutor(Cli.Running running) {
    Path state = run("spark").resolve("checkpoints/state.json");
    while (running.process().isAlive()) {
      if (Files.exists(state) && SparkFolder.killExecutor(running)) {
        return true;
      }
      LockSupport.parkNanos(1_000_000);
    }
    return false;
  }

  private static Path run(String name) {
    return folder.resolve("work/runs").resolve(name);
  }
}
