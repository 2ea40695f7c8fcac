package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.experiment.TrainingOptions;
import org.llm4msr.runtime.plugins.PluginKind;
import org.llm4msr.runtime.plugins.PluginRegistry;
import org.llm4msr.runtime.scoring.Scorer;

/** Every backbone, with its defaults, from a YAML file to a bundle, and on to new scenarios. */
@Tag("slow")
class BuiltInBackbonesTest {

  @TempDir static Path folder;
  static SmallShop firstDay;
  static SmallShop secondDay;

  @BeforeAll
  static void prepare() throws IOException {
    List<String> old = List.of("feed", "search", "home");
    firstDay = SmallShop.write(folder.resolve("one"), 1, 1000, 3000, 90, old);
    Experiment.fromYaml(firstDay.experiment(), "model.fusion.name=none")
        .prepare(false, Progress.NONE);
    secondDay =
        SmallShop.write(folder.resolve("two"), 2, 90_000, 1500, 60, List.of("live", "home"));
    Path before = folder.resolve("one/work/prepared");
    Experiment.fromYaml(secondDay.experiment(), "model.fusion.name=none")
        .prepare(false, before, Progress.NONE);
  }

  static Stream<String> names() {
    return PluginRegistry.load().names(PluginKind.BACKBONE).stream();
  }

  @ParameterizedTest
  @MethodSource("names")
  void trainsIsEvaluatedAndScores(String name) throws IOException {
    Experiment experiment = experiment(firstDay, name);

    Path bundle = experiment.train(name, Progress.NONE).bundle();

    assertThat(experiment.evaluate(name, Split.TEST, null, Progress.NONE).result().overall().auc())
        .isBetween(0.3, 0.9);
    assertScores(bundle, firstDay);
    goesOn(name, bundle);
  }

  private static void goesOn(String name, Path bundle) throws IOException {
    Experiment second = experiment(secondDay, name);
    TrainingOptions from = new TrainingOptions(null, bundle);
    if (name.equals("aitm")) {
      // The chain is another one, in which the largest scenario's place may have changed.
      assertThatThrownBy(() -> second.train(name, from, Progress.NONE))
          .hasMessageContaining("[bundle/OTHER_MODEL]");
    } else {
      assertScores(second.train(name, from, Progress.NONE).bundle(), secondDay);
    }
  }

  private static Experiment experiment(SmallShop shop, String backbone) {
    return Experiment.fromYaml(
        shop.experiment(),
        "model.backbone={name: %s}".formatted(backbone),
        "model.fusion.name=none",
        "training.epochs=1");
  }

  private static void assertScores(Path bundle, SmallShop shop) {
    try (Scorer scorer = Scorer.load(bundle)) {
      float[] scores = scorer.score(shop.rows().stream().map(BuiltInBackbonesTest::row).toList());
      Set<Float> distinct = new HashSet<>();
      for (float score : scores) {
        assertThat(score).isBetween(0f, 1f);
        distinct.add(score);
      }
      assertThat(distinct).hasSizeGreaterThan(100);
    }
  }

  private static Map<String, Object> row(String line) {
    String[] values = line.split(",", -1);
    Map<String, Object> row = new HashMap<>();
    row.put("user", Integer.valueOf(values[0]));
    row.put("item", values[1]);
    row.put("scenario", values[2]);
    row.put("hour", values[5]);
    row.put("price", values[6].isEmpty() ? null : values[6]);
    row.put("tags", values[7].isEmpty() ? null : List.of(values[7].split("\\|")));
    return row;
  }
}
