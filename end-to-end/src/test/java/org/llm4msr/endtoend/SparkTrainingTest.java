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
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.experiment.TrainingOptions;
import org.llm4msr.runtime.experiment.TrainingReport;

/** Training by several workers beside training in one process, with and without Spark. */
class SparkTrainingTest {

  private static final List<String> SPARK =
      List.of(
          "spark.scheduler.barrier.maxConcurrentTasksCheck.interval=1s",
          "spark.scheduler.barrier.maxConcurrentTasksCheck.maxFailures=200");

  /** Checkpoints every fifth of a second. */
  private static final List<String> TRAINING =
      List.of(
          "training.epochs=3",
          "training.patience=0",
          "training.optimizer.learningRate=0.001",
          "runtime.checkpointMinutes=0.003");

  /**
   * Without normalisations, threads can be workers: those of one process take turns in the engine,
   * and cannot wait for each other there.
   */
  private static final List<String> SETTINGS =
      with(
          TRAINING,
          "model.backbone={name: mmoe, experts: 2, expert: [8], tower: [4], batchNorm: false}");

  /** So long that an executor is lost meanwhile. */
  private static final List<String> LONG = with(SETTINGS, "training.epochs=40");

  private static final String[] NORMALISED = {
    "training.epochs=20", "model.backbone.batchNorm=true"
  };

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
    trainByThreads("two", 2, null, false, null, false);
    cli = new Cli(folder);
    SparkFolder.writeApplication(folder.resolve("checkout/spark/target/launcher/spark"));
    environment = SparkFolder.write(SharedFolder.make("llm4msr-spark-home"));
  }

  private static Experiment open() {
    return Experiment.fromYaml(shop.experiment(), SETTINGS.toArray(String[]::new));
  }

  /** Trains by two threads what a cluster is compared with, and returns the run. */
  private static Path trainedLong() throws IOException {
    if (!Files.exists(run("two-long"))) {
      ThreadWorkers.train(
          () -> Experiment.fromYaml(shop.experiment(), LONG.toArray(String[]::new)), "two-long", 2);
    }
    return run("two-long");
  }

  /** Trains by threads, and returns the report of the first worker. */
  private static TrainingReport trainByThreads(
      String run,
      int workers,
      @Nullable Path from,
      boolean force,
      @Nullable String job,
      boolean partitioned)
      throws IOException {
    return ThreadWorkers.train(
        SparkTrainingTest::open,
        run,
        workers,
        partitioned,
        ring -> new TrainingOptions(null, from, force, List.of(), ring, partitioned, job));
  }

  @Test
  void twoWorkersLearnWhatOneProcessLearns() throws IOException {
    SameResults.assertSameLosses(run("two"), run("alone"));
    assertThat(run("two").resolve("bundle")).isDirectory();
  }

  /** The events of a row and the vector of its item are found by whichever worker has the row. */
  @Test
  void twoWorkersReadThePastOfRowsAndVectorsOfItems() throws IOException {
    Path own = folder.resolve("past");
    SmallShop past = SmallShop.write(own, 2, 1000, 1200, 60, List.of("feed", "search"));
    List<String> settings =
        with(
            SETTINGS,
            "training.epochs=3",
            "model.sequences={recent: {pooling: target-attention, length: 5, until: row}}",
            "knowledge.items={}",
            "model.itemKnowledge.width=4",
            "model.coldItems={field: item_id}",
            "knowledge.history={length: 5}");
    Supplier<Experiment> opened =
        () -> Experiment.fromYaml(past.experiment(), settings.toArray(String[]::new));
    Experiment experiment = opened.get();
    experiment.prepare(false, Progress.NONE);
    experiment.extract(false, Progress.NONE);
    experiment.train("alone", Progress.NONE);

    for (boolean partitioned : List.of(false, true)) {
      String run = partitioned ? "parts" : "copies";
      ThreadWorkers.train(
          opened,
          run,
          2,
          partitioned,
          ring -> new TrainingOptions(null, null, false, List.of(), ring, partitioned, null));

      Path runs = own.resolve("work/runs");
      SameResults.assertSameLosses(runs.resolve(run), runs.resolve("alone"));
    }
  }

  @Test
  void partsOfTablesGiveTheBitsOfCopies() throws IOException {
    trainByThreads("parts", 3, null, false, null, true);
    trainByThreads("copies", 3, null, false, null, false);

    SameResults.assertSameCheckpoints(run("parts"), run("copies"));
    SameResults.assertSameFiles(
        run("parts").resolve("bundle/tables"), run("copies").resolve("bundle/tables"));
    SameResults.assertSameLosses(run("parts"), run("alone"));
  }

  @Test
  void workersBeginWithABundleAsOneProcessDoes() throws IOException {
    Path bundle = run("alone").resolve("bundle");
    open().train("on", new TrainingOptions(null, bundle), Progress.NONE);

    trainByThreads("on-by-two", 2, bundle, false, null, true);

    SameResults.assertSameLosses(run("on-by-two"), run("on"));
    assertThat(SameResults.metrics(run("on")).get(0).get("loss").asDouble())
        .isLessThan(SameResults.metrics(run("alone")).get(0).get("loss").asDouble());
  }

  /** A job is tried again where an executor is lost: what it has begun is then not replaced. */
  @Test
  void forceReplacesRunsOfOtherJobsAlone() throws IOException {
    trainByThreads("replaced", 2, null, false, "first", false);
    Path left = Files.writeString(run("replaced").resolve("note.txt"), "of the first");

    assertThat(trainByThreads("replaced", 2, null, true, "first", false).result().rowsPerSecond())
        .isZero();
    assertThat(left).exists();

    assertThat(trainByThreads("replaced", 2, null, true, "second", false).result().rowsPerSecond())
        .isPositive();
    assertThat(left).doesNotExist();
    SameResults.assertSameCheckpoints(run("replaced"), run("two"));
  }

  @Test
  @Tag("cluster")
  void aClusterThatLosesAnExecutorLearnsWhatAnUndisturbedOneLearns() throws Exception {
    Cli.Running running = start("local-cluster[2,1,1024]", "spark");
    boolean killed = killOneExecutor(running, "spark");
    Cli.Outcome outcome = running.await();

    assertThat(outcome.code()).as(outcome.err()).isZero();
    assertThat(killed).as("an executor is killed after a checkpoint").isTrue();
    JsonNode report = new ObjectMapper().readTree(outcome.out());
    assertThat(report.get("workers").asInt()).isEqualTo(2);
    assertThat(report.get("bundle").asText()).isEqualTo(run("spark").resolve("bundle").toString());
    assertThat(run("spark").resolve("log.txt")).content().contains("Resuming at step ");
    SameResults.assertSameCheckpoints(run("spark"), trainedLong());
  }

  @Test
  @Tag("cluster")
  void aClusterWithPartsOfTablesLearnsTheSame() throws Exception {
    Cli.Running running =
        start(
            "local-cluster[2,1,1024]",
            "spark-parts",
            "-Dspark.partitionTables=true",
            "-Dspark.patienceSeconds=600",
            "--force");
    boolean killed = killOneExecutor(running, "spark-parts");
    Cli.Outcome outcome = running.await();

    assertThat(outcome.code()).as(outcome.err()).isZero();
    assertThat(killed).as("an executor is killed after a checkpoint").isTrue();
    assertThat(run("spark-parts").resolve("log.txt")).content().contains("Resuming at step ");
    SameResults.assertSameCheckpoints(run("spark-parts"), trainedLong());
    SameResults.assertSameFiles(
        run("spark-parts").resolve("bundle/tables"), trainedLong().resolve("bundle/tables"));
  }

  @Test
  @Tag("cluster")
  void pluginsReachTheWorkersAndWarningsTheDriver() throws Exception {
    Path plugins = Files.createDirectories(folder.resolve("of-user"));
    PluginSource.install(
        plugins,
        "OneSum",
        PluginSource.sumOfInput(
            "OneSum",
            "org.slf4j.LoggerFactory.getLogger(OneSum.class).warn(\"It sums alone\");",
            "sums"));

    Cli.Outcome outcome =
        start(
                TRAINING,
                "local-cluster[2,1,1024]",
                "plugin",
                "--plugins=" + plugins.resolve("plugins"),
                "-Dmodel.backbone={name: onesum}",
                "-Dmodel.fusion=none",
                "-Dtraining.epochs=1")
            .await();

    assertThat(outcome.code()).as(outcome.err()).isZero();
    assertThat(outcome.err()).containsOnlyOnce("WARN worker 0: It sums alone");
    List<String> steps =
        Files.readAllLines(run("plugin").resolve("log.txt")).stream()
            .filter(line -> line.contains(" Step "))
            .toList();
    assertThat(steps).as("lines of the first worker alone").hasSize(1);
  }

  @Test
  @Tag("cluster")
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
  @Tag("cluster")
  void normalisationsAreOverWholeBatches() throws Exception {
    Experiment.fromYaml(shop.experiment(), with(SETTINGS, NORMALISED).toArray(String[]::new))
        .train("normalised", Progress.NONE);

    Cli.Outcome outcome =
        start(with(SETTINGS, NORMALISED), "local-cluster[3,1,1024]", "of-three", "--workers=3")
            .await();

    assertThat(outcome.code()).as(outcome.err()).isZero();
    List<Double> apart = SameResults.differences(run("of-three"), run("normalised"));
    assertThat(apart.get(0)).isCloseTo(0.0, within(1e-5));
    assertThat(apart).as("differences by line").allMatch(each -> Math.abs(each) < 0.01);
  }

  private static List<String> with(List<String> settings, String... more) {
    return Stream.concat(settings.stream(), Stream.of(more)).toList();
  }

  private static Cli.Running start(String master, String run, String... more) throws IOException {
    return start(LONG, master, run, more);
  }

  private static Cli.Running start(List<String> settings, String master, String run, String... more)
      throws IOException {
    List<String> arguments = new ArrayList<>(List.of("spark", "train", "--master=" + master));
    SparkFolder.LOOPBACK.forEach(setting -> arguments.add("--conf=" + setting));
    SPARK.forEach(setting -> arguments.add("--conf=" + setting));
    arguments.addAll(List.of(shop.experiment().toString(), "--run=" + run, "--json"));
    settings.forEach(setting -> arguments.add("-D" + setting));
    arguments.addAll(List.of(more));
    return cli.start(environment, arguments.toArray(String[]::new));
  }

  private static boolean killOneExecutor(Cli.Running running, String run) throws Exception {
    Path state = run(run).resolve("checkpoints/state.json");
    return Await.whileAlive(
        running.process(), () -> Files.exists(state) && SparkFolder.killExecutor(running));
  }

  private static Path run(String name) {
    return folder.resolve("work/runs").resolve(name);
  }
}
