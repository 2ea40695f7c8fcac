package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.scoring.Scorer;

/** Every built-in head is reached by configuration alone, and learns. */
class FusionHeadsTrainTest {

  private static final String EXPERIMENT =
      """
      workspace: work
      dataset:
        name: table
        path: .
        files: [log.csv]
        scenario: place
        scenarioNames: { feed: feed, search: search }
        time: time
        split: { by: time, ratio: [4, 1, 1] }
      knowledge:
        encoder: { name: hash, dimension: 16 }
      model:
        embeddingSize: 4
        scenarioEmbeddingSize: 4
        backbone: { name: shared-bottom, bottom: [16], tower: [8], batchNorm: false }
        metaNetworks:
          user: { name: mlp, layers: [8] }
          scenario: { name: mlp, layers: [8] }
      training: { epochs: 3, batchSize: 64, optimizer: { learningRate: 0.02 } }
      runtime: { threads: 1 }
      """;

  @TempDir static Path folder;

  /** Two of three impressions of an even item are clicked, one of six of an odd one. */
  @BeforeAll
  static void prepare() throws IOException {
    Random random = new Random(3);
    List<String> lines = new ArrayList<>(List.of("user,item,place,label,time"));
    for (int n = 0; n < 3_000; n++) {
      int item = random.nextInt(20);
      int clicked = random.nextInt(6) < (item % 2 == 0 ? 4 : 1) ? 1 : 0;
      String scenario = random.nextBoolean() ? "feed" : "search";
      lines.add("u%d,i%d,%s,%d,%d".formatted(random.nextInt(60), item, scenario, clicked, n));
    }
    Files.write(folder.resolve("log.csv"), lines);
    Files.writeString(folder.resolve("experiment.yaml"), EXPERIMENT);
    Experiment experiment = experiment("hierarchical");
    experiment.prepare(false, Progress.NONE);
    experiment.extract(false, Progress.NONE);
  }

  private static Experiment experiment(String fusion, String... overrides) {
    List<String> all = new ArrayList<>(List.of(overrides));
    all.add("model.fusion=" + fusion);
    return Experiment.fromYaml(folder.resolve("experiment.yaml"), all.toArray(String[]::new));
  }

  @ParameterizedTest
  @ValueSource(strings = {"hierarchical", "concat", "epnet", "dynamic-network"})
  void learns(String fusion) {
    assertLearns(experiment(fusion), fusion);
  }

  @Tag("slow")
  @ParameterizedTest
  @ValueSource(
      strings = {
        "{name: hierarchical, scenario: none}",
        "{name: hierarchical, user: none}",
        "{name: hierarchical, scenario: bottom, residual: true}",
        "{name: hierarchical, user: parallel}",
        "{name: hierarchical, user: parallel, scenario: bottom}",
        "{name: concat, levels: [user], width: 4}"
      })
  void learnsAsAnAblation(String fusion) {
    assertLearns(experiment(fusion), fusion);
  }

  @ParameterizedTest
  @ValueSource(strings = {"rank: 2", "rank: 2, generatorHidden: 6"})
  void learnsWithWeightsOfLowRank(String settings) {
    String network = "{name: mlp, layers: [8], " + settings + "}";
    assertLearns(
        experiment(
            "hierarchical",
            "model.metaNetworks.user=" + network,
            "model.metaNetworks.scenario=" + network),
        settings);
  }

  /** The items' rates alone give an AUC of 3/4; a model that learned nothing is at one half. */
  private static void assertLearns(Experiment experiment, String head) {
    experiment.check();
    String run = "run-" + Integer.toHexString(head.hashCode());
    Path bundle = experiment.train(run, Progress.NONE).bundle();
    double auc = experiment.evaluate(run, Split.TEST, null, Progress.NONE).result().overall().auc();
    assertThat(auc).as("AUC with %s", head).isBetween(0.68, 0.82);
    try (Scorer scorer = Scorer.load(bundle)) {
      float[] scores = scorer.score(List.of(row("i4"), row("i7")));
      assertThat(scores[0]).as("score of an even item with %s", head).isGreaterThan(scores[1]);
    }
  }

  private static Map<String, Object> row(String item) {
    return Map.of("user", "u5", "item", item, "scenario", "search");
  }
}
