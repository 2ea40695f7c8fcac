package org.llm4msr.dist;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.EvaluationReport;
import org.llm4msr.runtime.Experiment;
import org.llm4msr.runtime.bundle.Bundle;
import org.llm4msr.runtime.data.Split;
import org.llm4msr.runtime.files.DurableFiles;

/** Commands that die of SIGKILL at any moment, and go on, beside those that do not. */
class KilledProcessesTest {

  private static final long SEED = Long.getLong("llm4msr.test.seed", 20261125);

  /** Two seconds of training with checkpoints in a row: a kill often falls into one. */
  private static final List<String> SETTINGS =
      List.of(
          "training.epochs=12",
          "training.batchSize=64",
          "training.validateEvery=70",
          "knowledge.encoder=onnx-sentence",
          "runtime.checkpointMinutes=0.0005");

  private final Random random = new Random(SEED);
  @TempDir Path folder;
  private Cli cli;
  private Path file;
  private SmallShop shop;

  /** Checks of what a killed command left. */
  @FunctionalInterface
  private interface Check {
    void run() throws Exception;
  }

  @BeforeEach
  void writeLog() throws IOException {
    cli = new Cli(folder);
    shop = SmallShop.write(folder, 1, 1000, 6000, 900, List.of("feed", "search", "home"));
    file = shop.experiment();
  }

  @Test
  void aKilledTrainingGoesOnToTheSameEnd() throws Exception {
    String plain = "model.fusion=none";
    Experiment whole = experiment("whole", plain);
    whole.prepare(false, Progress.NONE);
    whole.train("one", Progress.NONE);
    Experiment killed = experiment("killed", plain);
    killed.prepare(false, Progress.NONE);
    Path run = killed.workspace().run("one");

    Cli.Running training =
        cli.start(
            arguments("killed", "train", file.toString(), "--run", "one", "-D" + plain)
                .toArray(String[]::new));
    while (training.process().isAlive() && !Files.exists(run.resolve("checkpoints/state.json"))) {
      LockSupport.parkNanos(1_000_000);
    }
    assertThat(training.kill()).as(Files.readString(training.err())).isTrue();

    EvaluationReport halfway = killed.evaluate("one", Split.TEST, null, Progress.NONE);
    assertThat(halfway.finished()).isFalse();
    MsrException early =
        catchThrowableOfType(
            MsrException.class, () -> killed.createBundle("one", folder.resolve("early")));
    assertThat(early.code()).isEqualTo("training/NOT_FINISHED");
    assertThat(early).hasMessageContaining("of at most 756").hasMessageContaining("--run one");
    killed.train("one", Progress.NONE);
    assertThat(killed.evaluate("one", Split.TEST, null, Progress.NONE).finished()).isTrue();
    assertSameRun(run, whole.workspace().run("one"));
  }

  @Test
  @Tag("slow")
  void everyStageEndsAsIfNothingHadKilledIt() throws Exception {
    System.out.println("seed of the kills: " + SEED);
    killTenTimes(preparation());
    try (Stream<Path> left = Files.list(folder.resolve("killed"))) {
      assertThat(left.map(Path::getFileName).map(Path::toString))
          .as("nothing temporary is left")
          .containsExactlyInAnyOrder("prepared", "stages.jsonl");
    }
    killTenTimes(extraction());
    killTenTimes(training());
    killTenTimes(scoring());
  }

  /**
   * A command, run to its end in one workspace, and in another with kills on the way.
   *
   * @param arguments by workspace
   * @param opens end of the name of a file that the command opens when its work begins
   * @param afterKill checks what a kill left
   * @param atEnd compares the two workspaces
   * @param result is deleted where the command ends before its ten kills, and begins anew
   */
  private record Stage(
      Function<String, List<String>> arguments,
      String opens,
      Check afterKill,
      Check atEnd,
      Path result) {}

  private Stage preparation() {
    Path prepared = folder.resolve("killed/prepared");
    Check same =
        () ->
            assertThat(Contents.bytes(prepared, name -> true))
                .isEqualTo(Contents.bytes(folder.resolve("whole/prepared"), name -> true));
    Check afterKill =
        () -> {
          if (Files.exists(prepared)) {
            same.run();
          } else {
            assertThat(failure(() -> experiment("killed").inspectData(Progress.NONE)))
                .isEqualTo("data/NOT_PREPARED");
          }
        };
    return new Stage(
        workspace -> arguments(workspace, "data", "prepare", file.toString()),
        "/lock",
        afterKill,
        same,
        prepared);
  }

  private Stage extraction() {
    Path store = folder.resolve("killed/knowledge");
    return new Stage(
        workspace -> arguments(workspace, "knowledge", "extract", file.toString()),
        "/store.lock",
        () -> {
          if (!Files.exists(store.resolve("store.json"))
              || !Files.readString(store.resolve("store.json")).contains("\"complete\" : true")) {
            assertThat(failure(() -> experiment("killed").train("early", Progress.NONE)))
                .isIn("knowledge/NO_STORE", "knowledge/INCOMPLETE");
          }
        },
        () ->
            assertThat(Contents.knowledge(store))
                .isEqualTo(Contents.knowledge(folder.resolve("whole/knowledge"))),
        store);
  }

  private Stage training() {
    Path run = folder.resolve("killed/runs/one");
    return new Stage(
        workspace -> arguments(workspace, "train", file.toString(), "--run", "one"),
        "/run.lock",
        () -> {
          if (Files.exists(run.resolve("bundle"))) {
            Bundle.open(run.resolve("bundle"));
          } else if (!Files.exists(run.resolve("checkpoints/state.json"))) {
            assertThat(failure(() -> evaluate("killed"))).isEqualTo("training/NOT_TRAINED");
          } else if (!evaluate("killed").finished()) {
            assertThat(failure(() -> experiment("killed").createBundle("one", folder.resolve("b"))))
                .isEqualTo("training/NOT_FINISHED");
          }
        },
        () -> assertSameRun(run, folder.resolve("whole/runs/one")),
        run);
  }

  /** More rows than are one part of a job. */
  private Stage scoring() throws IOException {
    Path rows = folder.resolve("rows.csv");
    try (Writer writer = Files.newBufferedWriter(rows)) {
      writer.write(SmallShop.COLUMNS + "\n");
      for (int copy = 0; copy < 110; copy++) {
        writer.write(String.join("\n", shop.rows()) + "\n");
      }
    }
    Path scores = folder.resolve("killed/scores.arrow");
    Check same =
        () -> assertThat(scores).hasSameBinaryContentAs(folder.resolve("whole/scores.arrow"));
    return new Stage(
        workspace ->
            List.of(
                "score",
                folder.resolve("whole/runs/one/bundle").toString(),
                "--in",
                rows.toString(),
                "--out",
                folder.resolve(workspace).resolve("scores.arrow").toString()),
        "/part.tmp",
        () -> {
          if (Files.exists(scores)) {
            same.run();
          }
        },
        same,
        scores);
  }

  private void killTenTimes(Stage stage) throws Exception {
    Cli.Running unbroken = start(stage, "whole");
    long begun = System.nanoTime();
    assertThat(unbroken.await()).returns(0, Cli.Outcome::code);
    long nanos = System.nanoTime() - begun;

    int kills = 0;
    int ends = 0;
    while (kills < 10) {
      Cli.Running running = start(stage, "killed");
      LockSupport.parkNanos((long) (random.nextDouble() * nanos));
      if (running.kill()) {
        kills++;
        stage.afterKill.run();
      } else {
        ends++;
        assertThat(running.await()).returns(0, Cli.Outcome::code);
        stage.atEnd.run();
        DurableFiles.delete(stage.result);
      }
    }
    assertThat(start(stage, "killed").await()).returns(0, Cli.Outcome::code);
    stage.atEnd.run();
    System.out.printf(
        "%s: %d ms of work, killed ten times, ended %d times between%n",
        stage.arguments.apply("killed").get(0), TimeUnit.NANOSECONDS.toMillis(nanos), ends);
  }

  /** Starts a command and waits until its work begins. */
  private Cli.Running start(Stage stage, String workspace) throws Exception {
    Cli.Running running = cli.start(stage.arguments.apply(workspace).toArray(String[]::new));
    while (running.process().isAlive() && !running.opened(stage.opens)) {
      LockSupport.parkNanos(1_000_000);
    }
    return running;
  }

  private static List<String> arguments(String workspace, String... command) {
    List<String> arguments = new ArrayList<>(List.of(command));
    arguments.add("-Dworkspace=" + workspace);
    SETTINGS.forEach(setting -> arguments.add("-D" + setting));
    return arguments;
  }

  private Experiment experiment(String workspace, String... more) {
    List<String> overrides = new ArrayList<>(SETTINGS);
    overrides.addAll(List.of(more));
    overrides.add("workspace=" + workspace);
    return Experiment.fromYaml(file, overrides.toArray(String[]::new));
  }

  private EvaluationReport evaluate(String workspace) {
    return experiment(workspace).evaluate("one", Split.TEST, null, Progress.NONE);
  }

  private static String failure(ThrowingCallable action) {
    return catchThrowableOfType(MsrException.class, action).code();
  }

  /** All but what tells when and where: bundles' manifests, logs, reports of time. */
  private static void assertSameRun(Path run, Path other) throws IOException {
    Predicate<String> timeless =
        name ->
            name.startsWith("checkpoints/")
                || name.startsWith("bundle/")
                    && !name.startsWith("bundle/manifest.json")
                    && !name.startsWith("bundle/knowledge/");
    assertThat(Contents.bytes(run, timeless))
        .isEqualTo(Contents.bytes(other, timeless))
        .containsKey("bundle/dense.safetensors")
        .hasSizeGreaterThan(25);
    assertThat(Contents.metrics(run)).isEqualTo(Contents.metrics(other));
    Bundle.open(run.resolve("bundle"));
  }
}
