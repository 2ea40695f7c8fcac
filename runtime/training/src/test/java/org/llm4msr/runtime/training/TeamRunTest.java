package org.llm4msr.runtime.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.assembly.ModelAssembly;
import org.llm4msr.runtime.assembly.TrainableModel;
import org.llm4msr.runtime.batch.Exchange;
import org.llm4msr.runtime.config.OptimizerConfig.Rule;
import org.llm4msr.runtime.config.TrainingConfig;
import org.llm4msr.runtime.engine.TensorEngine;
import org.llm4msr.runtime.files.Checksums;
import org.llm4msr.runtime.peers.TestRings;
import org.llm4msr.runtime.tables.Partition;
import org.llm4msr.runtime.training.workers.Team;

/** Runs of several workers that end early and go on, beside one that does not. */
@Tag("engine")
class TeamRunTest {

  private static final int WORKERS = 3;
  private static final MemoryData DATA = MemoryData.of(640, 100, 0.9);
  private static final TrainingConfig CONFIG =
      TinyModels.training(TinyModels.optimizer(Rule.ADAM, 0.01), 4, 64, 8, 0, Map.of());

  @TempDir private static Path folder;

  private static final class Death extends RuntimeException {
    private static final long serialVersionUID = 1;
  }

  @BeforeAll
  static void trainWithoutABreak() {
    TeamStepTest.requireEngines();
    List<TrainingResult> all = run("whole", (rank, trainer) -> {});
    assertThat(all).allMatch(result -> result.steps() == 40);
    assertThat(all.get(2).history()).isEqualTo(all.get(0).history()).hasSize(5);
    assertThat(all.get(1).best()).isEqualTo(all.get(0).best());
  }

  @Test
  void goesOnFromTheLastCheckpointWhereAWorkerDied() throws Exception {
    assertThatThrownBy(() -> run("broken", (rank, trainer) -> dieAt(19, rank == 0, trainer)))
        .isInstanceOf(MsrException.class);

    run("broken", (rank, trainer) -> {});

    assertThat(contents("broken")).containsExactlyEntriesOf(contents("whole"));
  }

  @Test
  void allStopWhereOneIsAskedTo() throws Exception {
    assertThatThrownBy(
            () ->
                run(
                    "stopped",
                    (rank, trainer) -> {
                      if (rank == 1) {
                        trainer.requestStop();
                      }
                    }))
        .hasMessageStartingWith("[training/STOPPED] Training stopped at step 1,");

    run("stopped", (rank, trainer) -> {});

    assertThat(contents("stopped")).containsExactlyEntriesOf(contents("whole"));
  }

  /** Their checkpoints are those of copies, so that either goes on from the other's. */
  @Test
  void goesOnWithPartsOfTables() throws Exception {
    assertThatThrownBy(() -> runInParts("parts", (rank, trainer) -> dieAt(23, rank == 0, trainer)))
        .isInstanceOf(MsrException.class);

    List<TrainingResult> all = runInParts("parts", (rank, trainer) -> {});

    assertThat(all.get(2).history()).isEqualTo(all.get(0).history()).hasSize(5);
    assertThat(contents("parts")).containsExactlyEntriesOf(contents("whole"));

    assertThatThrownBy(() -> run("mixed", (rank, trainer) -> dieAt(12, rank == 0, trainer)))
        .isInstanceOf(MsrException.class);
    runInParts("mixed", (rank, trainer) -> {});
    assertThat(contents("mixed")).containsExactlyEntriesOf(contents("whole"));

    assertThatThrownBy(() -> runInParts("back", (rank, trainer) -> dieAt(12, rank == 0, trainer)))
        .isInstanceOf(MsrException.class);
    run("back", (rank, trainer) -> {});
    assertThat(contents("back")).containsExactlyEntriesOf(contents("whole"));
  }

  private static void dieAt(int step, boolean dies, Trainer trainer) {
    trainer.listen(
        new TrainingListener() {
          @Override
          public void rowsTrained(long done, long total) {
            if (dies && done >= step * 64L) {
              throw new Death();
            }
          }
        });
  }

  /** Prepares the trainer of a worker. */
  private interface Change {
    void of(int rank, Trainer trainer);
  }

  private static List<TrainingResult> run(String name, Change change) {
    return TestRings.run(
        WORKERS, ring -> train(ring, Partition.WHOLE, folder.resolve(name), change));
  }

  private static List<TrainingResult> runInParts(String name, Change change) {
    return TestRings.runInAllRings(
        WORKERS, ring -> train(ring, TeamStepTest.partition(ring), folder.resolve(name), change));
  }

  private static TrainingResult train(Exchange ring, Partition partition, Path run, Change change) {
    try (TensorEngine engine = TinyModels.engine();
        TrainableModel model =
            ModelAssembly.assemble(
                engine,
                TinyModels.model(
                    new TeamStepTest.Net(TeamStepTest.Kind.PLAIN), new TinyModels.Plain()),
                CONFIG,
                TinyModels.SCORING,
                DATA,
                null,
                null,
                partition)) {
      if (ring.rank() == 0) {
        Files.createDirectories(run);
      }
      Trainer trainer = new Trainer(model, DATA, CONFIG, run, Duration.ofMillis(20));
      trainer.workIn(new Team(ring));
      change.of(ring.rank(), trainer);
      return trainer.train(Progress.NONE);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Map<String, String> contents(String run) throws IOException {
    Path root = folder.resolve(run).resolve("checkpoints");
    Map<String, String> digests = new TreeMap<>();
    try (Stream<Path> files = Files.walk(root)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        digests.put(root.relativize(file).toString(), Checksums.of(file));
      }
    }
    return digests;
  }
}
