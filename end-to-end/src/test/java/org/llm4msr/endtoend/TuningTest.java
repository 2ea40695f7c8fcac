package org.llm4msr.endtoend;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.mapping;
import static java.util.stream.Collectors.toSet;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.google.inject.Guice;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
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
    Tuning tuning = open("random", "trials: 2\n");
    TuningResult result = tuning.run(ComparisonView.NONE);
    new TuningWriter(result).writeAll(folder.resolve("found/here"), tuning.experiment());

    assertThat(result.trials().stream().map(Trial::number)).containsExactlyInAnyOrder(0, 1, 2);
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
        trials: 2
        """);
    Tuning tuning = comparisons.openTuning(file, List.of());
    TuningResult result = tuning.run(ComparisonView.NONE);
    new TuningWriter(result).writeAll(folder.resolve("found/data"), tuning.experiment());

    Map<List<String>, Set<Double>> aucs =
        result.trials().stream()
            .collect(groupingBy(Trial::values, mapping(trial -> trial.value(), toSet())));
    assertThat(aucs)
        .hasSizeGreaterThan(1)
        .allSatisfy((seed, found) -> assertThat(found).hasSize(1));
    assertThat(aucs.values()).doesNotHaveDuplicates();
    assertThat(folder.resolve("searched/variants"))
        .isDirectoryContaining("glob:**dataset.split.seed-*");
    assertThat(auc(folder.resolve("found/data/best.yaml")))
        .isCloseTo(result.trials().get(0).value(), within(1e-12));
  }
}
