package org.llm4msr.endtoend;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.mapping;
import static java.util.stream.Collectors.toSet;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.google.inject.Guice;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.compare.ComparisonView;
import org.llm4msr.runtime.compare.Comparisons;
import org.llm4msr.runtime.compare.LabModule;
import org.llm4msr.runtime.compare.Tuning;
import org.llm4msr.runtime.compare.TuningResult;
import org.llm4msr.runtime.compare.TuningResult.Trial;
import org.llm4msr.runtime.compare.TuningWriter;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.experiment.RuntimeModule;

/** Searches of a few trials on a small log. */
class TuningTest {

  private static final String SPACE =
      """
      experiment: experiment.yaml
      settings: {model.fusion: none}
      space:
        training.optimizer.learningRate: {from: 1e-4, to: 1e-1, log: true}
        model.embeddingSize: {from: 2, to: 6, whole: true}
        model.backbone.experts: {values: [2, 3]}
      """;

  @TempDir static Path folder;
  private static Comparisons comparisons;

  @BeforeAll
  static void write() throws IOException {
    SmallShop.write(folder, 1, 1000, 1500, 90, List.of("feed", "search", "home"));
    comparisons =
        Guice.createInjector(new LabModule(new RuntimeModule())).getInstance(Comparisons.class);
  }

  private static Tuning open(String name, String more) throws IOException {
    Path file = folder.resolve(name + ".yaml");
    Files.writeString(file, SPACE + more);
    return comparisons.openTuning(file, List.of());
  }

  @Test
  void findsTheBestOfItsTrialsAndWritesItAsAConfiguration() throws IOException {
    Tuning tuning = open("random", "trials: 4\n");
    TuningResult result = tuning.run(ComparisonView.NONE);
    new TuningWriter(result).writeAll(folder.resolve("found/here"), tuning.experiment());

    assertThat(result.trials().stream().map(Trial::number))
        .containsExactlyInAnyOrder(0, 1, 2, 3, 4);
    assertThat(result.trials()).isSortedAccordingTo(Comparator.comparing(Trial::value).reversed());
    for (Trial trial : result.trials()) {
      if (trial.number() > 0) {
        assertThat(Double.parseDouble(trial.values().get(0))).isBetween(1e-4, 1e-1);
        assertThat(Integer.parseInt(trial.values().get(1))).isBetween(2, 6);
        assertThat(trial.values().get(2)).isIn("2", "3");
      }
    }
    assertThat(auc(folder.resolve("found/here/best.yaml")))
        .isCloseTo(result.trials().get(0).value(), within(1e-12));
  }

  /** Trains what a search has written. */
  private static double auc(Path file) {
    Experiment best = Experiment.fromYaml(file, "training.seed=1");
    best.train("best", Progress.NONE);
    return best.evaluate("best", Split.VALIDATION, null, Progress.NONE).result().overall().auc();
  }

  @Test
  void trialsOfOtherDataHaveDataOfTheirOwn() throws IOException {
    Path file = folder.resolve("data.yaml");
    Files.writeString(
        file,
        """
        experiment: experiment.yaml
        settings: {model.fusion: none, dataset.split.by: random, workspace: searched}
        space: {dataset.split.seed: {values: [1, 2, 3, 4, 5, 6]}}
        trials: 3
        """);
    Tuning tuning = comparisons.openTuning(file, List.of());
    TuningResult result = tuning.run(ComparisonView.NONE);
    new TuningWriter(result).writeAll(folder.resolve("found/data"), tuning.experiment());

    Map<List<String>, Set<Double>> aucs =
        result.trials().stream()
            .collect(groupingBy(Trial::values, mapping(trial -> trial.value(), toSet())));
    assertThat(aucs)
        .hasSizeGreaterThan(2)
        .allSatisfy((seed, found) -> assertThat(found).hasSize(1));
    assertThat(aucs.values()).doesNotHaveDuplicates();
    assertThat(folder.resolve("searched/variants"))
        .isDirectoryContaining("glob:**dataset.split.seed-*");
    assertThat(auc(folder.resolve("found/data/best.yaml")))
        .isCloseTo(result.trials().get(0).value(), within(1e-12));
  }

  @Test
  void givesTheSameTrialsWhereMoreAreAskedFor() throws IOException {
    List<List<String>> few = values(open("few", "trials: 2\n").run(ComparisonView.NONE));
    List<List<String>> more = values(open("more", "trials: 3\n").run(ComparisonView.NONE));

    assertThat(more.subList(0, 3)).isEqualTo(few);
  }

  @Test
  void aSpaceSmallerThanItsTrialsIsTriedOnceAndSaysSo() throws IOException {
    Path file = folder.resolve("small.yaml");
    Files.writeString(
        file,
        """
        experiment: experiment.yaml
        settings: {model.fusion: none}
        space: {model.embeddingSize: {values: [2, 4, 2]}}
        trials: 5
        """);
    List<String> notes = new ArrayList<>();
    TuningResult result = comparisons.openTuning(file, List.of()).run(notes(notes));

    assertThat(values(result).subList(1, 3)).containsExactlyInAnyOrder(List.of("2"), List.of("4"));
    assertThat(result.trials()).hasSize(3);
    assertThat(notes)
        .contains("trials: 2 instead of 5, as the space has no more different settings");
  }

  private static ComparisonView notes(List<String> notes) {
    return new ComparisonView() {
      @Override
      public void note(String text) {
        notes.add(text);
      }

      @Override
      public Work begin(String task, String unit) {
        return NONE.begin(task, unit);
      }
    };
  }

  private static List<List<String>> values(TuningResult result) {
    return result.trials().stream()
        .sorted(Comparator.comparingInt(Trial::number))
        .map(Trial::values)
        .collect(Collectors.toList());
  }

  @Test
  void halvingGivesTheBestThirdOfTheTrialsThreeTimesTheEpochs() throws IOException {
    TuningResult result =
        open("halving", "trials: 5\nstrategy: halving\n")
            .run(ComparisonView.NONE); // Epochs of the experiment: 2, too few for a second round.
    assertThat(result.trials()).extracting(Trial::epochs).containsOnly(2);

    TuningResult longer =
        comparisons
            .openTuning(
                folder.resolve("halving.yaml"), List.of("training.patience=0", "training.epochs=6"))
            .run(ComparisonView.NONE);

    List<Trial> first = longer.trials().stream().filter(trial -> trial.epochs() == 2).toList();
    List<Trial> second = longer.trials().stream().filter(trial -> trial.epochs() == 6).toList();
    assertThat(first.size() + second.size()).isEqualTo(6);
    assertThat(second).hasSizeBetween(2, 3).extracting(Trial::number).contains(0);
    assertThat(longer.last().models()).hasSameSizeAs(second);
    assertThat(longer.trials().subList(0, second.size())).isEqualTo(second);
  }

  /** What was tried of the last round alone is not the best for having been tried. */
  @Test
  void aRoundThatTimeEndsDecidesNothing() throws IOException {
    String search = "trials: 5\nseed: 3\n";
    // A base that learns nothing, so that another trial is the best.
    String slow = "training.optimizer.learningRate=1e-6";
    List<String> long6 = List.of("training.patience=0", "training.epochs=6", slow);
    open("whole", search + "strategy: halving\n");
    comparisons.openTuning(folder.resolve("whole.yaml"), long6).run(ComparisonView.NONE);
    open("first", search);
    TuningResult first =
        comparisons
            .openTuning(
                folder.resolve("first.yaml"),
                List.of("training.patience=0", "training.epochs=2", slow))
            .run(ComparisonView.NONE);
    double seconds = first.last().models().stream().mapToDouble(model -> model.seconds()).sum();

    open("late", search + "strategy: halving\nminutes: " + (seconds + 1e-6) / 60 + "\n");
    TuningResult late =
        comparisons.openTuning(folder.resolve("late.yaml"), long6).run(ComparisonView.NONE);

    assertThat(first.best()).as("it would show nothing").isNotEmpty();
    assertThat(late.outOfTime()).isTrue();
    assertThat(late.trials()).isEqualTo(first.trials());
    assertThat(late.best()).isEqualTo(first.best());
  }

  @Test
  void beginsNoRunOnceTheTimeIsOver() throws IOException {
    TuningResult result =
        open("short", "trials: 4\nminutes: 1e-9\nseed: 8\n").run(ComparisonView.NONE);

    assertThat(result.outOfTime()).isTrue();
    assertThat(result.trials()).hasSize(1);
    assertThat(result.trials().get(0).number()).isZero();
    assertThat(result.best()).isEmpty();
  }

  @Test
  void aTrialOfWhichASeedFailedIsWorthNothing() throws IOException {
    Path file = folder.resolve("failing.yaml");
    Files.writeString(
        file,
        """
        experiment: experiment.yaml
        settings: {model.fusion: none}
        space: {model.backbone.experts: {values: [2]}}
        seeds: [1, 2]
        trials: 1
        """);
    TuningResult whole = comparisons.openTuning(file, List.of()).run(ComparisonView.NONE);
    assertThat(whole.trials()).hasSize(2).allMatch(trial -> trial.value() != null);
    try (Stream<Path> runs = Files.list(folder.resolve("work/runs"))) {
      for (Path run : runs.filter(run -> run.toString().endsWith("-s2")).toList()) {
        Files.writeString(run.resolve("evaluation-validation.json"), "{");
      }
    }

    TuningResult damaged = comparisons.openTuning(file, List.of()).run(ComparisonView.NONE);
    assertThat(damaged.trials()).hasSize(2).allMatch(trial -> trial.value() == null);
    assertThat(damaged.last().failures()).hasSize(2);
  }

  @Test
  void refusesWhatTheSearchDecidesItself() throws IOException {
    Path file = folder.resolve("decides.yaml");
    String epochs = "experiment: experiment.yaml\nspace: {training.epochs: {values: [1, 2]}}\n";
    Files.writeString(file, epochs + "strategy: halving\n");
    assertThatThrownBy(() -> comparisons.openTuning(file, List.of()))
        .hasMessageContaining("space.training.epochs is decided by halving itself");

    Files.writeString(file, epochs + "trials: 3\n");
    assertThatThrownBy(
            () -> comparisons.openTuning(file, List.of("training.seed=7")).run(ComparisonView.NONE))
        .hasMessageContaining("training.seed is also set")
        .hasMessageContaining("seeds: [1, 2]");
    assertThat(comparisons.openTuning(file, List.of()).run(ComparisonView.NONE).trials())
        .filteredOn(trial -> trial.number() > 0)
        .allMatch(trial -> trial.values().equals(List.of("" + trial.epochs())));
  }

  @Test
  void refusesASpaceWithoutValues() {
    assertThatThrownBy(
            () -> {
              Path file = folder.resolve("wrong.yaml");
              Files.writeString(
                  file,
                  "experiment: experiment.yaml\nspace: {training.epochs: {from: 3, to: 3}}\n");
              comparisons.openTuning(file, List.of());
            })
        .isInstanceOf(MsrException.class)
        .hasMessageContaining("tune/SPACE")
        .hasMessageContaining("training.epochs begins at 3.0 and ends at 3.0");
  }
}
