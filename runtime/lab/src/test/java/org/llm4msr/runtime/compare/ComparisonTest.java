package org.llm4msr.runtime.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.config.loading.ConfigLoader;
import org.llm4msr.runtime.config.loading.ConfigPlugins;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.evaluation.metric.MetricList;

/** Two models, whose embedding size says how much they tell apart, with two seeds each. */
class ComparisonTest {

  @TempDir Path folder;
  private RecordedStages stages;
  private Comparisons comparisons;

  @BeforeEach
  void write() throws IOException {
    Files.writeString(
        folder.resolve("experiment.yaml"),
        """
        dataset: { name: movies, path: ., split: { by: given } }
        model: { backbone: mmoe, fusion: none }
        workspace: work
        """);
    ConfigLoader loader = ConfigLoader.standard(ConfigPlugins.registry(folder.resolve("plugins")));
    stages = new RecordedStages(loader, config -> config.model().embeddingSize());
    comparisons = new Comparisons(loader, stages, MetricList.STANDARD);
  }

  private Comparison open(String more, String... overrides) throws IOException {
    Path file = folder.resolve("grid.yaml");
    Files.writeString(
        file,
        """
        experiments: [experiment.yaml]
        grid: { model.embeddingSize: [4, 16] }
        seeds: [1, 2]
        """
            + more);
    return comparisons.open(file, List.of(overrides));
  }

  private ComparisonResult run() throws IOException {
    return open("").run(Split.TEST, ComparisonView.NONE);
  }

  private static double auc(ComparisonResult result, int model) {
    List<ComparisonResult.Score> scores = result.models().get(model).scores();
    return scores.get(scores.size() - 1).value();
  }

  private long trained() {
    return stages.calls.stream().filter(call -> call.startsWith("train ")).count();
  }

  @Test
  void trainsEachModelWithEachSeedOnDataThatIsPreparedOnce() throws IOException {
    ComparisonResult result = run();

    assertThat(result.axes()).containsExactly("embeddingSize");
    assertThat(result.models()).hasSize(2);
    assertThat(auc(result, 0)).isCloseTo(RecordedStages.auc(4), within(1e-6));
    assertThat(auc(result, 1)).isCloseTo(RecordedStages.auc(16), within(1e-6));
    assertThat(result.models()).allSatisfy(model -> assertThat(model.runs()).hasSize(2));
    assertThat(result.failures()).isEmpty();
    assertThat(stages.calls).startsWith("prepare");
    assertThat(stages.calls).filteredOn("prepare"::equals).hasSize(1);
    assertThat(trained()).isEqualTo(4);
  }

  @Test
  void measuresNothingTwice() throws IOException {
    ComparisonResult first = run();
    stages.calls.clear();

    ComparisonResult again = run();

    assertThat(stages.calls).containsExactly("prepare");
    assertThat(again.models()).isEqualTo(first.models());
  }

  @Test
  void aChangedSettingMakesNewRuns() throws IOException {
    run();
    stages.calls.clear();

    open("", "training.epochs=9").run(Split.TEST, ComparisonView.NONE);

    assertThat(trained()).isEqualTo(4);
  }

  @Test
  void anEvaluationOfAStoppedRunIsNotItsResult() throws IOException {
    run();
    String name = stages.calls.get(1).substring("train ".length());
    Path evaluation = folder.resolve("work/runs").resolve(name).resolve("evaluation-test.json");
    String whole = Files.readString(evaluation);
    Files.writeString(evaluation, whole.replace("\"finished\":true", "\"finished\":false"));
    stages.calls.clear();
    Files.delete(evaluation.resolveSibling("predictions-test.arrow"));

    run();

    assertThat(stages.calls).containsExactly("prepare", "train " + name, "evaluate " + name);
  }

  @Test
  void modelsAreDiscardedOnceTheyAreMeasured() throws IOException {
    run();
    assertThat(folder.resolve("work/runs"))
        .isDirectoryRecursivelyContaining("glob:**/predictions-test.arrow")
        .isDirectoryNotContaining("glob:**/bundle")
        .satisfies(runs -> assertThat(runs).isDirectoryNotContaining(path -> hasModel(path)));
  }

  @Test
  void modelsStayWhereThatIsAskedFor() throws IOException {
    open("keepModels: true\n").run(Split.TEST, ComparisonView.NONE);
    assertThat(folder.resolve("work/runs")).isDirectoryContaining(path -> hasModel(path));
  }

  private static boolean hasModel(Path run) {
    return Files.exists(run.resolve("bundle")) || Files.exists(run.resolve("checkpoints"));
  }

  @Test
  void aRunThatFailsIsReportedAndTheOthersContinue() throws IOException {
    stages.beforeTraining =
        config -> {
          if (config.model().embeddingSize() == 4 && config.training().seed() == 2) {
            throw new MsrException(ErrorType.DATA, "training/NAN", "the loss is no number");
          }
        };

    ComparisonResult result = run();

    assertThat(result.failures())
        .extracting(ComparisonResult.Failure::seed, ComparisonResult.Failure::reason)
        .containsExactly(tuple(2L, "the loss is no number"));
    assertThat(new TableWriter(result).markdown())
        .contains("Failed: 4, seed 2: the loss is no number\n");
    assertThat(result.models().get(0).runs()).hasSize(1);
    assertThat(result.models().get(1).runs()).hasSize(2);
  }

  @Test
  void runsThatFailForOneReasonTellItOnce() throws IOException {
    stages.beforeTraining =
        config -> {
          if (config.model().embeddingSize() == 4) {
            throw new MsrException(ErrorType.DATA, "data/FILE", "there is no log.csv");
          }
        };

    ComparisonResult result = run();

    assertThat(result.failures()).hasSize(2);
    assertThat(new TableWriter(result).markdown())
        .contains("\nFailed: 4, seed 1; 4, seed 2: there is no log.csv\n");
  }

  @Test
  void aModelThatIsRefusedIsNeitherPreparedForNorTrained() throws IOException {
    stages.check =
        config -> {
          if (config.model().embeddingSize() == 16) {
            throw new MsrException(ErrorType.USER, "config/INVALID", "it does not fit");
          }
        };

    ComparisonResult result = run();

    assertThat(trained()).isEqualTo(2);
    assertThat(result.failures()).hasSize(1);
    assertThat(result.models().get(0).runs()).hasSize(2);
  }

  @Test
  void aModelThatCannotBeReadIsReportedAndTheOthersContinue() throws IOException {
    ComparisonResult result =
        open("backbones: [flat, no-such]\n").run(Split.TEST, ComparisonView.NONE);

    assertThat(trained()).isEqualTo(4);
    assertThat(result.failures())
        .hasSize(2)
        .allSatisfy(failure -> assertThat(failure.reason()).contains("no-such"));
    assertThat(auc(result, 0)).isCloseTo(RecordedStages.auc(4), within(1e-6));
    assertThat(result.models().get(2).scores())
        .extracting(score -> score.value())
        .containsOnlyNulls();
  }

  @Test
  void namesTakeTheSettingsOfTheExperimentAsFarAsTheyKnowThem() throws IOException {
    Path experiment = folder.resolve("experiment.yaml");
    String text = Files.readString(experiment);
    Files.writeString(experiment, text.replace("mmoe", "{ name: mmoe, experts: 7 }"));
    Set<String> backbones = new TreeSet<>();
    stages.beforeTraining = config -> backbones.add(config.model().backbone().config().toString());

    open("backbones: [mmoe, flat]\n").run(Split.TEST, ComparisonView.NONE);

    assertThat(backbones)
        .hasSize(2)
        .anyMatch(settings -> settings.startsWith("MmoeConfig[experts=7,"))
        .contains("NoSettings[]");
  }

  @Test
  void withoutAnyResultThereIsNoTable() throws IOException {
    stages.beforeTraining =
        config -> {
          throw new IllegalStateException("broken");
        };

    assertThatThrownBy(this::run)
        .hasMessageContaining("[compare/NOTHING]")
        .hasMessageContaining("none of the 4 runs gave a result")
        .hasMessageContaining("broken");
  }

  @Test
  void aStopEndsTheRunUnderWayAndBeginsNoOther() throws IOException {
    Comparison comparison = open("");
    stages.beforeTraining =
        config -> {
          comparison.requestStop();
          throw new MsrException(ErrorType.USER, "training/STOPPED", "at step 3");
        };

    assertThatThrownBy(() -> comparison.run(Split.TEST, ComparisonView.NONE))
        .hasMessageContaining("[training/STOPPED]");
    assertThat(trained()).isEqualTo(1);
    assertThat(stages.calls).endsWith("stop");
  }

  @Test
  void seedsAreNotSetAsASettingToo() throws IOException {
    Comparison comparison = open("", "training.seed=7");

    assertThatThrownBy(() -> comparison.run(Split.TEST, ComparisonView.NONE))
        .hasMessageContaining("training.seed is also set");
    assertThat(stages.calls).isEmpty();
  }
}
