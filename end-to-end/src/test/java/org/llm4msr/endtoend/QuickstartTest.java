package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.inject.Guice;
import com.google.inject.Injector;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Progress;
import org.llm4msr.cli.InProcess;
import org.llm4msr.cli.quickstart.Quickstart;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.experiment.EvaluationReport;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.experiment.Experiments;
import org.llm4msr.runtime.experiment.RuntimeModule;
import org.llm4msr.runtime.generation.DataGeneration;

/** The whole way on a small log, with every plugin that the distribution brings. */
class QuickstartTest {

  /** A small model of texts, and few steps: this is about the way, not about the result. */
  private static final List<String> SMALL =
      List.of(
          "knowledge.encoder=hash",
          "training.epochs=1",
          "training.batchSize=512",
          "runtime.threads=1");

  private static final Injector INJECTOR = Guice.createInjector(new RuntimeModule());

  @TempDir static Path parent;
  private static Path folder;
  private static InProcess.Outcome outcome;
  private static Quickstart quickstart;

  @BeforeAll
  static void run() {
    folder = parent.resolve("Bob's work");
    List<String> arguments = new ArrayList<>(List.of("quickstart", "--interactions", "12000"));
    SMALL.forEach(setting -> arguments.add("-D" + setting));
    arguments.addAll(List.of("--out", folder.toString()));
    outcome = InProcess.start(arguments.toArray(String[]::new));
    assertThat(outcome.code()).as(outcome.err()).isZero();
    quickstart = Quickstart.open(folder);
  }

  @Test
  void theCommandTellsTheTableAndTheSteps() {
    assertThat(outcome.out()).containsPattern("(?m)^overall +2,000( +0\\.[0-9]{4}){4}$");
    assertThat(outcome.err())
        .contains("--out '%s/Bob'\\''s work/raw' -Dinteractions=12000".formatted(parent));
  }

  @Test
  void comparesModelsWithTheTruthAndGoesOnWhereItStopped() throws IOException {
    DataGeneration.Result generated =
        INJECTOR
            .getInstance(DataGeneration.class)
            .generate(
                quickstart.generator(),
                quickstart.raw(),
                quickstart.generatorSettings(12_000),
                Progress.NONE);
    assertThat(generated.reused()).isTrue();
    assertThat(open(quickstart.plain()).prepare(false, Progress.NONE).reused()).isTrue();
    assertThat(open(quickstart.allLevels()).extract(false, Progress.NONE).read()).isZero();
    Quickstart.Evaluations evaluations =
        new Quickstart.Evaluations(
            evaluate(quickstart.plain(), "plain-pytorch-7"),
            evaluate(quickstart.enhanced(), "enhanced-pytorch-7"),
            evaluate(quickstart.allLevels(), "all-levels-pytorch-7"));

    Quickstart.Comparison comparison = quickstart.compare(evaluations);

    assertThat(outcome.out()).isEqualTo(comparison.text());
    JsonNode truth =
        new ObjectMapper().readTree(quickstart.raw().resolve("GENERATED.json").toFile());
    JsonNode newItems = truth.path("bayesLastSixthOfNewItems").path("overall");
    assertThat(comparison.newItems().rows()).isEqualTo(newItems.path("rows").asLong()).isPositive();
    assertThat(comparison.newItems().bayesAuc()).isEqualTo(newItems.path("auc").doubleValue());
    assertThat(comparison.newItems().allLevelsAuc())
        .isEqualTo(evaluations.allLevels().slices().get(0).slices().get(0).auc());
    assertThat(comparison.oracleAuc())
        .isEqualTo(truth.path("textOracleLastSixth").path("overall").path("auc").doubleValue())
        .isLessThan(comparison.overall().bayesAuc());
    Quickstart.Row all = comparison.overall();
    assertThat(all.closed())
        .isEqualTo((all.allLevelsAuc() - all.plainAuc()) / (all.bayesAuc() - all.plainAuc()));
    assertThat(comparison.overall().rows()).isEqualTo(2_000);
    assertThat(comparison.scenarios()).hasSize(5);
    assertThat(comparison.scenarios()).extracting(Quickstart.Row::rows).allMatch(rows -> rows > 0);
    assertThat(comparison.overall().bayesAuc())
        .isEqualTo(truth.path("bayesLastSixth").path("overall").path("auc").doubleValue())
        .isGreaterThan(comparison.overall().enhancedAuc());
  }

  @Test
  void generatedFilesAreInAFolderLikeAnyOther() throws IOException {
    Path other = Files.createDirectory(folder.resolve("other"));
    assertThat(Files.getPosixFilePermissions(quickstart.raw()))
        .isEqualTo(Files.getPosixFilePermissions(other));
    assertThat(quickstart.raw().getParent()).isDirectoryNotContaining("glob:**.tmp-*");
  }

  @Test
  void aRunIsEvaluatedWithTheSettingsItWasMadeWithAndKeepsThem() throws IOException {
    Path run = folder.resolve("work/runs/plain-pytorch-7");
    Path evaluation = run.resolve("evaluation-test.json");
    String before = Files.readString(run.resolve("config.yaml"));
    Experiment other = open(quickstart.plain(), "training.seed=4");
    Files.delete(evaluation);

    MsrException refused =
        catchThrowableOfType(
            MsrException.class, () -> other.train("plain-pytorch-7", Progress.NONE));
    EvaluationReport report = other.evaluate("plain-pytorch-7", Split.TEST, null, Progress.NONE);

    assertThat(refused.code()).isEqualTo("training/OTHER_RUN");
    assertThat(refused)
        .hasMessageEndingWith("this one stays as it is. training.seed was 7 and is now 4.");
    assertThat(Files.readString(run.resolve("config.yaml"))).isEqualTo(before).contains("seed: 7");
    assertThat(report.result().overall().rows()).isEqualTo(2_000);
    assertThat(evaluation).exists();
  }

  @Test
  void dataOfOtherSettingsIsRefused() throws IOException {
    assertThatThrownBy(
            () ->
                open(quickstart.plain(), "dataset.split.ratio=[8, 1, 1]")
                    .train("one", Progress.NONE))
        .hasMessageStartingWith(
            "[data/OTHER_SETTINGS] According to %s, the data was prepared with settings other"
                + " than those of the configuration: dataset.split.ratio was [4.0, 1.0, 1.0]"
                + " and is now [8.0, 1.0, 1.0]. Run ",
            folder.resolve("work/prepared/dataset.json"));
    Map.of(
            "dataset.negatives.perPositive=2",
            "dataset.negatives.perPositive was 0 and is now 2",
            "dataset.split={validationFrom: 2023-05-20, testFrom: 2023-05-22}",
            "dataset.split.testFrom was not set and is now 2023-05-22")
        .forEach(
            (setting, message) ->
                assertThatThrownBy(() -> open(quickstart.plain(), setting).openPrepared())
                    .hasMessageContaining(message));
    for (String other :
        List.of(
            "dataset.path=elsewhere",
            "dataset.malformed.policy=skip",
            "dataset.negatives.seed=3")) {
      open(quickstart.plain(), other).openPrepared().close();
    }
  }

  @Test
  void knowledgeOfOtherSettingsOrAnotherRunIsRefused() throws IOException {
    Path file = quickstart.enhanced();
    Experiment wider = open(file, "knowledge.encoder={name: hash, dimension: 32}");

    MsrException otherSettings =
        catchThrowableOfType(MsrException.class, () -> wider.train("one", Progress.NONE));
    assertThat(otherSettings.code()).isEqualTo("knowledge/STORE_MISMATCH");
    assertThat(otherSettings)
        .hasMessageContaining("and is now 32")
        .hasMessageContaining(
            "`llm4msr knowledge extract '%s/Bob'\\''s work/%s'"
                .formatted(parent, file.getFileName()));
    assertThat(folder.resolve("work/runs/one")).doesNotExist();
    assertThatThrownBy(
            () -> open(file, "knowledge.missing=zero").train("enhanced-pytorch-7", Progress.NONE))
        .hasMessageStartingWith("[training/OTHER_RUN]")
        .hasMessageEndingWith("knowledge.missing was mean and is now zero.");
    Experiment other = open(file, "knowledge.minInteractions=10");
    try {
      assertThat(other.extract(false, Progress.NONE).read()).isZero();
      MsrException otherRun =
          catchThrowableOfType(
              MsrException.class,
              () -> other.evaluate("enhanced-pytorch-7", Split.TEST, null, Progress.NONE));
      assertThat(otherRun.code()).isEqualTo("knowledge/STORE_MISMATCH");
      assertThat(otherRun).hasMessageContaining("knowledge.minInteractions was 1 and is now 10");
    } finally {
      open(quickstart.allLevels()).extract(false, Progress.NONE);
    }
  }

  private static Experiment open(Path file, String... overrides) {
    List<String> all = new ArrayList<>(SMALL);
    all.addAll(List.of(overrides));
    return INJECTOR.getInstance(Experiments.class).open(file, all);
  }

  /** Evaluates a run that the command trained. */
  private static EvaluationReport evaluate(Path file, String run) {
    Experiment experiment = open(file);
    assertThat(experiment.train(run, Progress.NONE).result().rowsPerSecond()).isZero();
    return experiment.evaluate(run, Split.TEST, null, Progress.NONE);
  }
}
