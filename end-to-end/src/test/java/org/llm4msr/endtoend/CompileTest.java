package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.bundle.Bundle;
import org.llm4msr.runtime.config.loading.ConfigLoader;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.plugins.PluginRegistry;
import org.llm4msr.runtime.scoring.Scorer;
import org.llm4msr.serving.compiler.Compiler;
import org.llm4msr.serving.ranker.CompiledManifest;

/** A compiled bundle: what it holds, and that it is a bundle as any other. */
class CompileTest {

  private static final List<String> SCENARIOS = List.of("feed", "search", "home");

  @TempDir static Path folder;
  private static Path bundle;

  @BeforeAll
  static void train() throws IOException {
    SmallShop.write(folder, 1, 1000, 1500, 60, SCENARIOS);
    Experiment experiment =
        Experiment.fromYaml(folder.resolve("experiment.yaml"), "training.epochs=1");
    experiment.prepare(false, Progress.NONE);
    experiment.extract(false, Progress.NONE);
    bundle = experiment.train("enhanced", Progress.NONE).bundle();
  }

  private static CompiledManifest compile(Path target) {
    return new Compiler(ConfigLoader.standard(PluginRegistry.load()))
        .compile(Bundle.open(bundle), target);
  }

  @Test
  void holdsWhatItsManifestNamesAndScoresAsBefore() {
    Path target = folder.resolve("compiled");
    CompiledManifest manifest = compile(target);

    assertThat(manifest.scenarios())
        .extracting(CompiledManifest.Scenario::key)
        .containsExactlyInAnyOrderElementsOf(SCENARIOS);
    for (CompiledManifest.Scenario scenario : manifest.scenarios()) {
      assertThat(scenario.rows()).isEqualTo(500);
      assertThat(scenario.largestDifference()).isLessThanOrEqualTo(Compiler.TOLERANCE);
      assertThat(files(scenario))
          .allSatisfy(name -> assertThat(target.resolve("compiled").resolve(name)).exists());
    }
    // What is computed of a user does not depend on the scenario.
    assertThat(manifest.scenarios())
        .extracting(CompiledManifest.Scenario::user)
        .containsOnly(manifest.scenarios().get(0).user());
    assertThat(Bundle.open(target).manifest().files())
        .containsKey("compiled/compiled.json")
        .containsAllEntriesOf(Bundle.open(bundle).manifest().files());
    assertThat(score(target)).containsExactly(score(bundle));
  }

  private static List<String> files(CompiledManifest.Scenario scenario) {
    CompiledManifest.UserFiles user = scenario.user();
    return List.of(scenario.scorer(), user.source(), user.expand(), user.stored());
  }

  private static float[] score(Path of) {
    try (Scorer scorer = Scorer.load(of)) {
      Map<String, Object> row =
          Map.of("user", 1, "item", 2, "scenario", "feed", "hour", 3, "price", 4, "tags", "a");
      return scorer.score(List.of(row));
    }
  }

  @Test
  void writesNothingWhereSomethingIs() throws IOException {
    Path target = Files.createDirectory(folder.resolve("taken"));
    assertThatThrownBy(() -> compile(target)).hasMessageContaining("[bundle/EXISTS]");
    assertThat(target).isEmptyDirectory();
  }
}
