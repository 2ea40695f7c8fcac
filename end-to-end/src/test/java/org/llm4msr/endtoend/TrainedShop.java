package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.bundle.Bundle;
import org.llm4msr.runtime.config.loading.ConfigLoader;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.experiment.TrainingOptions;
import org.llm4msr.runtime.experiment.TrainingReport;
import org.llm4msr.runtime.plugins.PluginRegistry;
import org.llm4msr.runtime.scoring.Scorer;
import org.llm4msr.runtime.scoring.ScoringRequest;
import org.llm4msr.serving.compiler.Compiler;
import org.llm4msr.serving.ranker.RankItem;
import org.llm4msr.serving.ranker.RankRequest;
import org.llm4msr.serving.ranker.RankResult;
import org.llm4msr.serving.ranker.Ranker;
import org.llm4msr.serving.ranker.RankerSettings;

/** A model of a small shop that was trained, evaluated and compiled. */
final class TrainedShop {

  private final Path folder;
  private final TrainingReport report;
  private final Path compiled;
  private final float[] evaluated;

  private TrainedShop(Path folder, TrainingReport report, Path compiled, float[] evaluated) {
    this.folder = folder;
    this.report = report;
    this.compiled = compiled;
    this.evaluated = evaluated;
  }

  /** Prepares the data of a shop and trains. */
  static TrainedShop of(SmallShop shop, String... settings) throws IOException {
    Path folder = shop.experiment().getParent();
    Experiment experiment = Experiment.fromYaml(shop.experiment(), settings);
    experiment.prepare(false, Progress.NONE);
    TrainingReport report = experiment.train("model", Progress.NONE);
    Path predictions = folder.resolve("predictions.arrow");
    experiment.evaluate("model", Split.TEST, predictions, Progress.NONE);
    Path compiled = folder.resolve("compiled");
    new Compiler(loader()).compile(Bundle.open(report.bundle()), compiled);
    return new TrainedShop(folder, report, compiled, BundleTest.floats(predictions, "probability"));
  }

  static ConfigLoader loader() {
    return ConfigLoader.standard(PluginRegistry.load());
  }

  Path bundle() {
    return report.bundle();
  }

  Path compiled() {
    return compiled;
  }

  Ranker ranker(boolean isCompiled) {
    return Ranker.open(isCompiled ? compiled : bundle(), RankerSettings.STANDARD, loader());
  }

  /** Both bundles give raw rows of the test part the scores of the evaluation. */
  void assertScoresAsEvaluated(String header, List<String> testRows) throws IOException {
    List<String> lines = new ArrayList<>(List.of(header));
    lines.addAll(testRows);
    Path rows = Files.write(folder.resolve("rows.csv"), lines);
    Path out = folder.resolve("scores.arrow");
    for (Path bundle : List.of(bundle(), compiled)) {
      try (Scorer scorer = Scorer.load(bundle)) {
        scorer.score(new ScoringRequest(rows, out), Progress.NONE);
      }
      assertThat(BundleTest.floats(out, "score")).containsExactly(evaluated, within(1e-6f));
      Files.delete(out);
    }
  }

  /** Returns all items of the shop. */
  static List<RankItem> items() {
    return new ArrayList<>(IntStream.range(0, 150).mapToObj(i -> new RankItem("i" + i)).toList());
  }

  /**
   * Returns the row of an item of a request; what the item brings has no weights of the context.
   */
  static Map<String, Object> row(RankRequest request, RankItem item) {
    Map<String, Object> row = new HashMap<>(request.context());
    item.fields().keySet().forEach(field -> row.remove(field + ".weights"));
    row.putAll(item.fields());
    row.put("user", request.user());
    row.put("scenario", request.scenario());
    row.put("item", item.id());
    return row;
  }

  /** Scores rows with the bundle that is not compiled. */
  float[] score(List<? extends Map<String, ?>> rows) {
    try (Scorer scorer = Scorer.load(bundle())) {
      return scorer.score(rows);
    }
  }

  /** A ranker gives the scores of the rows, also with what it kept. */
  void assertRanksAsItScores(Ranker ranker, RankRequest request) {
    float[] expected = score(request.items().stream().map(item -> row(request, item)).toList());
    for (int time = 0; time < 2; time++) {
      RankResult result = ranker.rank(request);
      for (int item = 0; item < expected.length; item++) {
        assertThat(result.probability(item))
            .describedAs("item %d", item)
            .isCloseTo(expected[item], within(1e-5f));
      }
    }
  }

  /** A run that begins with the bundle, and learns next to nothing, is as good. */
  void assertGoesOn(String... settings) {
    TrainingReport on =
        Experiment.fromYaml(folder.resolve("experiment.yaml"), settings)
            .train("on", new TrainingOptions(null, bundle()), Progress.NONE);

    assertThat(on.result().best().result().overall().auc())
        .isEqualTo(report.result().best().result().overall().auc());
  }
}
