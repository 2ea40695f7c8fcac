package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.bundle.Bundle;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.experiment.EvaluationReport;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.files.DurableFiles;

/** Commands that die of SIGKILL at any moment, and go on, beside those that do not. */
class KilledProcessesTest {

  private static final long SEED = Long.getLong("llm4msr.test.seed", 20261125);

  /** Of each stage. */
  private static final int KILLS = Integer.getInteger("llm4msr.test.kills", 4);

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
    Path state = run.resolve("checkpoints/state.json");
    Await.whileAlive(training.process(), () -> Files.exists(state));
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
    Contents.assertSameRun(run, whole.workspace().run("one"));
  }

  @Test
  @Tag("slow")
  void everyStageEndsAsIfNothingHadKilledIt() throws Exception {
    System.out.println("seed of the kills: " + SEED);
    preparation().kill(KILLS, random);
    try (Stream<Path> left = Files.list(folder.resolve("killed"))) {
      assertThat(left.map(Path::getFileName).map(Path::toString))
          .as("nothing temporary is left")
          .containsExactlyInAnyOrder("prepared", "stages.jsonl");
    }
    extraction().kill(KILLS, random);
    training().kill(KILLS, random);
    scoring().kill(KILLS, random);
  }

  private KilledStage preparation() {
    Path prepared = folder.resolve("killed/prepared");
    KilledStage.Check same =
        () ->
            assertThat(Contents.bytes(prepared, name -> true))
                .isEqualTo(Contents.bytes(folder.resolve("whole/prepared"), name -> true));
    KilledStage.Check afterKill =
        () -> {
          if (Files.exists(prepared)) {
            same.run();
          } else {
            assertThat(failure(() -> experiment("killed").inspectData(Progress.NONE)))
                .isEqualTo("data/NOT_PREPARED");
          }
        };
    return new KilledStage(
        cli,
        workspace -> arguments(workspace, "data", "prepare", file.toString()),
        "/lock",
        afterKill,
        same,
        prepared);
  }

  private KilledStage extraction() {
    Path store = folder.resolve("killed/knowledge");
    return new KilledStage(
        cli,
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

  private KilledStage training() {
    Path run = folder.resolve("killed/runs/one");
    return new KilledStage(
        cli,
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
        () -> Contents.assertSameRun(run, folder.resolve("whole/runs/one")),
        run);
  }

  /** More rows than are one part of a job. */
  private KilledStage scoring() throws IOException {
    Path rows = folder.resolve("rows.csv");
    try (Writer writer = Files.newBufferedWriter(rows)) {
      writer.write(SmallShop.COLUMNS + "\n");
      for (int copy = 0; copy < 110; copy++) {
        writer.write(String.join("\n", shop.rows()) + "\n");
      }
    }
    Path scores = folder.resolve("killed/scores.arrow");
    KilledStage.Check same =
        () -> assertThat(scores).hasSameBinaryContentAs(folder.resolve("whole/scores.arrow"));
    return new KilledStage(
        cli,
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
            DurableFiles.delete(scores); // A job does not replace what another has finished.
          }
        },
        same,
        scores);
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
}
