package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.runtime.experiment.Experiment;

/** The example of Spark on a master with two workers, of which one is lost. */
@Tag("cluster")
class SparkStandaloneTest {

  @TempDir Path folder;

  @Test
  void aClusterThatLosesAWorkerComesToTheResultsOfOneMachine() throws Exception {
    SparkChain chain = SparkChain.in(folder);
    trainForAWhile(chain.work());
    try (StandaloneCluster cluster =
        new StandaloneCluster(folder.resolve("cluster"), chain.environment())) {
      Process lost = cluster.startWorker();
      cluster.startWorker();
      Cli.Running running = chain.start(options(cluster.url()));

      boolean killed = killInTraining(running, chain.work(), lost);
      cluster.startWorker();
      String out = SparkChain.succeed(running);

      assertThat(killed).as("a worker is killed after a checkpoint").isTrue();
      assertThat(out).contains("by 2 workers");
    }
    Path runs = chain.work().resolve("work/runs");
    assertThat(runs.resolve("first/log.txt")).content().contains("Resuming at step ");
    Path file = chain.work().resolve("kuaisar.yaml");
    ThreadWorkers.train(() -> Experiment.fromYaml(file), "undisturbed", 2);
    SameResults.assertSameCheckpoints(runs.resolve("first"), runs.resolve("undisturbed"));
    chain.assertIsThatOfOneMachine();
  }

  /**
   * Writes the example's file with more epochs, and checkpoints every fifth of a second. Within
   * these steps, rounding moves the losses by 1e-7 at most.
   */
  private static void trainForAWhile(Path work) throws IOException {
    Path example = Path.of(System.getProperty("llm4msr.root"), "examples/spark/kuaisar.yaml");
    String text =
        Files.readString(example)
            .replace("epochs: 2,", "epochs: 12, patience: 0,")
            .replace("learningRate: 0.005", "learningRate: 0.001")
            .replace("threads: 1", "threads: 1, checkpointMinutes: 0.003");
    assertThat(text).contains("epochs: 12", "0.001", "checkpointMinutes");
    Files.writeString(Files.createDirectories(work).resolve("kuaisar.yaml"), text);
  }

  private static String[] options(String master) {
    List<String> options = new ArrayList<>(List.of("--master=" + master));
    List<String> settings = new ArrayList<>(SparkFolder.LOOPBACK);
    settings.addAll(
        List.of(
            "spark.cores.max=2",
            "spark.scheduler.barrier.maxConcurrentTasksCheck.interval=1s",
            "spark.scheduler.barrier.maxConcurrentTasksCheck.maxFailures=200"));
    settings.forEach(setting -> options.add("--conf=" + setting));
    return options.toArray(String[]::new);
  }

  private static boolean killInTraining(Cli.Running running, Path work, Process worker)
      throws Exception {
    Path state = work.resolve("work/runs/first/checkpoints/state.json");
    boolean trains =
        Await.whileAlive(
            running.process(), () -> Files.exists(state) && StandaloneCluster.hasExecutor(worker));
    StandaloneCluster.kill(worker);
    return trains;
  }
}
