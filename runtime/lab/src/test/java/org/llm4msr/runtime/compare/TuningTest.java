package org.llm4msr.runtime.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.compare.TuningResult.Trial;
import org.llm4msr.runtime.config.loading.ConfigLoader;
import org.llm4msr.runtime.config.loading.ConfigPlugins;
import org.llm4msr.runtime.evaluation.metric.MetricList;

/** Searches of an embedding size; the larger it is, the more a model tells apart. */
class TuningTest {

  private static final String SPACE =
      """
      experiment: experiment.yaml
      space:
        training.optimizer.learningRate: {from: 1e-4, to: 1e-1, log: true}
        model.embeddingSize: {from: 2, to: 19, whole: true}
      """;

  @TempDir Path folder;
  private RecordedStages stages;
  private Comparisons comparisons;

  @BeforeEach
  void write() throws IOException {
    Files.writeString(
        folder.resolve("experiment.yaml"),
        """
        dataset: { name: movies, path: ., split: { by: given } }
        model: { backbone: mmoe, fusion: none, embeddingSize: 1 }
        training: { epochs: 2, patience: 0 }
        workspace: work
        """);
    ConfigLoader loader = ConfigLoader.standard(ConfigPlugins.registry(folder.resolve("plugins")));
    stages = new RecordedStages(loader, config -> config.model().embeddingSize());
    comparisons = new Comparisons(loader, stages, MetricList.STANDARD);
  }

  private TuningResult run(String search, String... overrides) throws IOException {
    return run(search, ComparisonView.NONE, overrides);
  }

  private TuningResult run(String search, ComparisonView view, String... overrides)
      throws IOException {
    Path file = folder.resolve("search.yaml");
    Files.writeString(file, search);
    return comparisons.openTuning(file, List.of(overrides)).run(view);
  }

  private long trained() {
    return stages.calls.stream().filter(call -> call.startsWith("train ")).count();
  }

  @Test
  void ranksTheUnchangedExperimentAndTheTrialsByTheirAuc() throws IOException {
    TuningResult result = run(SPACE + "trials: 4\n");

    assertThat(result.trials()).extracting(Trial::number).containsExactlyInAnyOrder(0, 1, 2, 3, 4);
    assertThat(result.trials()).isSortedAccordingTo(Comparator.comparing(Trial::value).reversed());
    for (Trial trial : result.trials()) {
      int size = trial.number() == 0 ? 1 : Integer.parseInt(trial.values().get(1));
      assertThat(trial.value()).isCloseTo(RecordedStages.auc(size), within(1e-6));
    }
    assertThat(result.best())
        .contains("model.embeddingSize=" + result.trials().get(0).values().get(1));
    assertThat(trained()).isEqualTo(5);
  }

  @Test
  void resultsLieInTheWorkspaceByTheNameOfTheirFile() throws IOException {
    Path file = folder.resolve("wide search.yaml");
    Files.writeString(file, SPACE + "settings: {workspace: other}\n");

    assertThat(comparisons.openTuning(file, List.of()).folder())
        .isEqualTo(folder.resolve("other/tunings/wide search"));
    assertThat(comparisons.openTuning(file, List.of("workspace=third")).folder())
        .isEqualTo(folder.resolve("third/tunings/wide search"));
  }

  @Test
  void givesTheSameTrialsWhereMoreAreAskedForAndTrainsTheNewOnesAlone() throws IOException {
    List<List<String>> few = values(run(SPACE + "trials: 2\n"));
    stages.calls.clear();

    List<List<String>> more = values(run(SPACE + "trials: 3\n"));

    assertThat(more.subList(0, 3)).isEqualTo(few);
    assertThat(trained()).isEqualTo(1);
  }

  private static List<List<String>> values(TuningResult result) {
    return result.trials().stream()
        .sorted(Comparator.comparingInt(Trial::number))
        .map(Trial::values)
        .toList();
  }

  @Test
  void aSpaceSmallerThanItsTrialsIsTriedOnceAndSaysSo() throws IOException {
    List<String> notes = new ArrayList<>();
    ComparisonView view =
        new ComparisonView() {
          @Override
          public void note(String text) {
            notes.add(text);
          }

          @Override
          public Work begin(String task, String unit) {
            return NONE.begin(task, unit);
          }
        };

    TuningResult result =
        run(
            """
            experiment: experiment.yaml
            space: {model.embeddingSize: {values: [2, 4, 2]}}
            trials: 5
            """,
            view);

    assertThat(values(result).subList(1, 3)).containsExactlyInAnyOrder(List.of("2"), List.of("4"));
    assertThat(result.trials()).hasSize(3);
    assertThat(notes)
        .contains("trials: 2 instead of 5, as the space has no more different settings");
  }

  /** Six trials with a factor of 3: two go on, and the unchanged one. */
  @Test
  void halvingGivesTheBestThirdOfTheTrialsThreeTimesTheEpochs() throws IOException {
    TuningResult result = run(SPACE + "trials: 5\nstrategy: halving\n", "training.epochs=6");

    List<Trial> first = result.trials().stream().filter(trial -> trial.epochs() == 2).toList();
    List<Trial> second = result.trials().stream().filter(trial -> trial.epochs() == 6).toList();
    assertThat(second).hasSize(3).extracting(Trial::number).contains(0);
    assertThat(first).hasSize(3);
    double worstKept = second.get(1).value();
    assertThat(first).allSatisfy(trial -> assertThat(trial.value()).isLessThanOrEqualTo(worstKept));
    assertThat(result.trials().subList(0, 3)).isEqualTo(second);
    assertThat(result.last().models()).hasSize(3);
    assertThat(trained()).isEqualTo(6 + 3);
  }

  @Test
  void tooFewEpochsForASecondRoundAreOneRound() throws IOException {
    assertThat(run(SPACE + "trials: 5\nstrategy: halving\n").trials())
        .hasSize(6)
        .extracting(Trial::epochs)
        .containsOnly(2);
  }

  /** What was tried of the last round alone is not the best for having been tried. */
  @Test
  void aRoundThatTimeEndsDecidesNothing() throws IOException {
    stages.secondsOfARun = 60;

    TuningResult late =
        run(SPACE + "trials: 5\nstrategy: halving\nminutes: 6.5\n", "training.epochs=6");

    assertThat(late.outOfTime()).isTrue();
    assertThat(late.trials()).hasSize(6).extracting(Trial::epochs).containsOnly(2);
    assertThat(late.best()).isNotEmpty();
  }

  @Test
  void beginsNoRunOnceTheTimeIsOver() throws IOException {
    TuningResult result = run(SPACE + "trials: 4\nminutes: 1e-9\n");

    assertThat(result.outOfTime()).isTrue();
    assertThat(result.trials()).extracting(Trial::number).containsExactly(0);
    assertThat(result.best()).isEmpty();
    assertThat(trained()).isEqualTo(1);
  }

  @Test
  void aTrialOfWhichASeedFailedIsWorthNothing() throws IOException {
    stages.beforeTraining =
        config -> {
          if (config.training().seed() == 2) {
            throw new MsrException(ErrorType.DATA, "training/NAN", "the loss is no number");
          }
        };

    TuningResult result =
        run(
            """
            experiment: experiment.yaml
            space: {model.embeddingSize: {values: [2]}}
            seeds: [1, 2]
            trials: 1
            """);

    assertThat(result.trials()).hasSize(2).allMatch(trial -> trial.value() == null);
    assertThat(result.last().failures()).hasSize(2);
  }

  @Test
  void refusesWhatTheSearchDecidesItself() {
    String epochs = "experiment: experiment.yaml\nspace: {training.epochs: {values: [1, 2]}}\n";
    assertThatThrownBy(() -> run(epochs + "strategy: halving\n"))
        .hasMessageContaining("space.training.epochs is decided by halving itself");
    assertThatThrownBy(() -> run(epochs + "trials: 3\n", "training.seed=7"))
        .hasMessageContaining("training.seed is also set")
        .hasMessageContaining("seeds: [1, 2]");
    assertThat(stages.calls).isEmpty();
  }

  @Test
  void epochsThatAreSearchedAreThoseOfTheTrial() throws IOException {
    TuningResult result =
        run(
            """
            experiment: experiment.yaml
            space: {training.epochs: {values: [1, 3]}}
            trials: 2
            """);

    assertThat(result.trials())
        .filteredOn(trial -> trial.number() > 0)
        .hasSize(2)
        .allMatch(trial -> trial.values().equals(List.of("" + trial.epochs())));
  }

  @Test
  void refusesAnObjectiveThatIsNoMetricAndNamesThoseThatAre() {
    assertThatThrownBy(() -> run(SPACE + "objective: logloss\n"))
        .isInstanceOf(MsrException.class)
        .hasMessage(
            "[evaluation/UNKNOWN_METRIC] The key 'objective' names the metric 'logloss', which does"
                + " not exist. Did you mean logLoss? Choose one of auc, gauc, logLoss,"
                + " calibrationError, uauc, ne.");
    assertThat(stages.calls).isEmpty();
  }

  @Test
  void refusesASpaceWithoutValues() {
    assertThatThrownBy(
            () -> run("experiment: experiment.yaml\nspace: {training.epochs: {from: 3, to: 3}}\n"))
        .isInstanceOf(MsrException.class)
        .hasMessageContaining("tune/SPACE")
        .hasMessageContaining("training.epochs begins at 3.0 and ends at 3.0");
  }
}
