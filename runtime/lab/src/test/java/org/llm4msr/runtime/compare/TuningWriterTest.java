package org.llm4msr.runtime.compare;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.runtime.config.ExperimentConfig;
import org.llm4msr.runtime.config.loading.ConfigLoader;
import org.llm4msr.runtime.config.loading.ConfigPlugins;
import org.llm4msr.runtime.evaluation.metric.MetricList;

/** The best settings of a search as a configuration. */
class TuningWriterTest {

  private static final ComparisonResult NO_TABLE =
      new ComparisonResult(
          "validation",
          List.of(),
          List.of(),
          List.of(),
          List.of(),
          List.of(),
          List.of(),
          List.of(),
          List.of(),
          Map.of(),
          false,
          false,
          MeasuredLabel.MAIN,
          Measure.of(MetricList.STANDARD.auc()));

  @TempDir Path folder;

  @Test
  void theBestReadsBackAsItWasTried() throws IOException {
    Path file = folder.resolve("experiment.yaml");
    Files.writeString(
        file,
        """
        dataset: { name: movies, path: ., split: { by: given } }
        model: { backbone: mmoe }
        """);
    ConfigLoader loader = ConfigLoader.standard(ConfigPlugins.registry(folder));
    TuningResult result =
        new TuningResult(
            List.of(),
            List.of(),
            List.of(),
            List.of(
                "workspace=\"runs/t1\"",
                "dataset.path='raw data'",
                "dataset.scenarios=[\"01\", 02, yes]",
                "model.backbone={name: mmoe, note: yes, experts: 010}",
                "model.backbone.expertLayers=[8, 4]",
                "model.backbone.expertLayers[0]=16",
                "training.optimizer.learningRate=1e-4",
                "training.scenarioWeights={01: 2}",
                "training.scenarioWeights={02: 3}",
                "training.clipNorm=null"),
            NO_TABLE,
            false);

    String best =
        new TuningWriter(result).best(folder.resolve("found"), loader.load(file, List.of()));
    Path written = Files.createDirectories(folder.resolve("found")).resolve("best.yaml");
    Files.writeString(written, best);
    ExperimentConfig config = loader.load(written, List.of()).config();

    assertThat(best.lines().findFirst().orElseThrow())
        .startsWith("# ")
        .endsWith("add -Dmodel.backbone.expertLayers[0]=16");
    assertThat(best).contains("learningRate: 1e-4\n");
    assertThat(config.workspace()).isEqualTo(folder.resolve("runs/t1").toString());
    assertThat(config.dataset().path()).isEqualTo(folder.resolve("raw data").toString());
    assertThat(config.dataset().scenarios()).containsExactly("01", "02", "yes");
    assertThat(config.model().backbone().config())
        .isEqualTo(new ConfigPlugins.MmoeConfig(10, List.of(8, 4), 2, null, Optional.of("yes")));
    assertThat(config.training().optimizer().learningRate()).isEqualTo(1e-4);
    assertThat(config.training().scenarioWeights()).isEqualTo(Map.of("01", 2.0, "02", 3.0));
    assertThat(config.training().clipNorm()).isNull();
  }

  @Test
  void trialsThatMoreEpochsMayImproveAreTold() {
    ComparisonResult.Model trial =
        new ComparisonResult.Model(
            List.of("1", "0.01"), List.of(), false, List.of("a"), List.of(), List.of(), 1, null);
    ComparisonResult table =
        new ComparisonResult(
            "validation",
            List.of(1L),
            List.of("trial", "rate"),
            List.of(),
            List.of(trial),
            List.of(),
            List.of(),
            List.of(),
            List.of(),
            Map.of(),
            false,
            false,
            MeasuredLabel.MAIN,
            Measure.of(MetricList.STANDARD.auc()));
    TuningResult result =
        new TuningResult(List.of("rate"), List.of(), List.of("rate=0.01"), List.of(), table, false);

    assertThat(new TuningWriter(result).markdown())
        .contains(
            "Still improving at the last step: 1 + 0.01 (1 of 1 runs). Raise training.epochs.",
            "Best: rate=0.01");
  }
}
