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

  @TempDir Path folder;
  private final Injector injector = Guice.createInjector(new RuntimeModule());

  @Test
  void comparesModelsWithTheTruthAndGoesOnWhereItStopped() throws IOException {
    Quickstart quickstart = Quickstart.open(folder);
    assertThat(generate(quickstart).reused()).isFalse();
    assertThat(generate(quickstart).reused()).isTrue();

    Experiment plain = open(quickstart.plain());
    Experiment enhanced = open(quickstart.enhanced());
    Experiment allLevels = open(quickstart.allLevels());
    assertThat(allLevels.prepare(false, Progress.NONE).reused()).isFalse();
    assertThat(plain.prepare(false, Progress.NONE).reused()).isTrue();
    assertThat(allLevels.extract(false, Progress.NONE).read()).isPositive();
    assertThat(allLevels.extract(false, Progress.NONE).read()).isZero();
    Quickstart.Evaluations evaluations =
        new Quickstart.Evaluations(
            trainAndEvaluate(plain, "plain"),
            trainAndEvaluate(enhanced, "enhanced"),
            trainAndEvaluate(allLevels, "all-levels"));

    Quickstart.Comparison comparison = quickstart.compare(evaluations);

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
  void theCommandGoesThisWayAndTellsTheSteps() {
    List<String> arguments = new ArrayList<>(List.of("quickstart", "--interactions", "12000"));
    SMALL.forEach(setting -> arguments.add("-D" + setting));
    arguments.addAll(List.of("--out", folder.resolve("Bob's work").toString()));

    InProcess.Outcome outcome = InProcess.start(arguments.toArray(String[]::new));

    assertThat(outcome.code()).as(outcome.err()).isZero();
    assertThat(outcome.out()).containsPattern("(?m)^overall +2,000( +0\\.[0-9]{4}){4}$");
    assertThat(outcome.err())
        .contains("--out '%s/Bob'\\''s work/raw' -Dinteractions=12000".formatted(folder));
  }

  @Test
  void generatedFilesAreInAFolderLikeAnyOther() throws IOException {
    Quickstart quickstart = Quickstart.open(folder);
    generate(quickstart);

    Path other = Files.createDirectory(folder.resolve("other"));
    assertThat(Files.getPosixFilePermissions(quickstart.raw()))
        .isEqualTo(Files.getPosixFilePermissions(other));
    assertThat(quickstart.raw().getParent()).isDirectoryNotContaining("glob:**.tmp-*");
  }

  @Test
  void aRunIsEvaluatedWithTheSettingsItWasMadeWithAndKeepsThem() throws IOException {
    Quickstart quickstart = Quickstart.open(folder);
    generate(quickstart);
    open(quickstart.plain()).prepare(false, Progress.NONE);
    open(quickstart.plain(), "training.seed=3").train("seeded", Progress.NONE);

    Path stored = folder.resolve("work/runs/seeded/config.yaml");
    String before = Files.readString(stored);
    MsrException other =
        catchThrowableOfType(
            MsrException.class,
            () -> open(quickstart.plain(), "training.seed=4").train("seeded", Progress.NONE));

    assertThat(other.code()).isEqualTo("training/OTHER_RUN");
    assertThat(other)
        .hasMessageEndingWith("this one stays as it is. training.seed was 3 and is now 4.");
    assertThat(Files.readString(stored)).isEqualTo(before).contains("seed: 3");
    EvaluationReport report =
        open(quickstart.plain()).evaluate("seeded", Split.TEST, null, Progress.NONE);
    assertThat(report.result().overall().rows()).isEqualTo(2_000);
    assertThat(folder.resolve("work/runs/seeded"))
        .isDirectoryContaining("glob:**evaluation-test.json");
  }

  @Test
  void dataOfOtherSettingsIsRefused() throws IOException {
    Quickstart quickstart = Quickstart.open(folder);
    generate(quickstart);
    open(quickstart.plain()).prepare(false, Progress.NONE);

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
    Quickstart quickstart = Quickstart.open(folder);
    generate(quickstart);
    Path file = quickstart.enhanced();
    open(file).prepare(false, Progress.NONE);
    open(file, "knowledge.encoder={name: hash, dimension: 32}").extract(false, Progress.NONE);

    MsrException otherSettings =
        catchThrowableOfType(MsrException.class, () -> open(file).train("one", Progress.NONE));
    assertThat(otherSettings.code()).isEqualTo("knowledge/STORE_MISMATCH");
    assertThat(otherSettings)
        .hasMessageContaining("knowledge.encoder.dimension was 32 and is now ")
        .hasMessageContaining("`llm4msr knowledge extract " + file);
    assertThat(folder.resolve("work/runs")).isEmptyDirectory();

    open(file).extract(true, Progress.NONE);
    open(file).train("one", Progress.NONE);
    assertThatThrownBy(() -> open(file, "knowledge.missing=zero").train("one", Progress.NONE))
        .hasMessageStartingWith("[training/OTHER_RUN]")
        .hasMessageEndingWith("knowledge.missing was mean and is now zero.");
    Experiment other = open(file, "knowledge.minInteractions=10");
    assertThat(other.extract(false, Progress.NONE).read()).isZero();
    MsrException otherRun =
        catchThrowableOfType(
            MsrException.class, () -> other.evaluate("one", Split.TEST, null, Progress.NONE));
    assertThat(otherRun.code()).isEqualTo("knowledge/STORE_MISMATCH");
    assertThat(otherRun).hasMessageContaining("knowledge.minInteractions was 1 and is now 10");
  }

  private DataGeneration.Result generate(Quickstart quickstart) {
    return injector
        .getInstance(DataGeneration.class)
        .generate(
            quickstart.generator(),
            quickstart.raw(),
            quickstart.generatorSettings(12_000),
            Progress.NONE);
  }

  private Experiment open(Path file, String... overrides) {
    List<String> all = new ArrayList<>(SMALL);
    all.addAll(List.of(overrides));
    return injector.getInstance(Experiments.class).open(file, all);
  }

  private static EvaluationReport trainAndEvaluate(Experiment experiment, String run) {
    experiment.train(run, Progress.NONE);
    return experiment.evaluate(run, Split.TEST, null, Progress.NONE);
  }
}
