package org.llm4msr.runtime.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.assembly.ModelAssembly;
import org.llm4msr.runtime.assembly.TrainableModel;
import org.llm4msr.runtime.config.LossConfig;
import org.llm4msr.runtime.config.OptimizerConfig.Rule;
import org.llm4msr.runtime.config.TrainingConfig;
import org.llm4msr.runtime.engine.TensorEngine;

/** Training with rows that count more or less than others. */
@Tag("engine")
class WeightedTrainingTest {

  private static final int ROWS = 300;
  private static final int VALIDATION_ROWS = 100;

  /** Positives of the first scenario weigh 4; rows follow each other by a day. */
  private static final MemoryData DATA =
      MemoryData.of(ROWS, VALIDATION_ROWS, 0.9)
          .training(
              rows ->
                  IntStream.range(0, rows.size())
                      .mapToObj(i -> weighed(rows.get(i)).at(i * 86_400_000L))
                      .toList());

  private static TensorEngine engine;

  @TempDir Path folder;

  private static MemoryData.Row weighed(MemoryData.Row row) {
    return row.weighing(row.scenario() == 0 && row.label() == 1 ? 4 : 1);
  }

  @BeforeAll
  static void open() {
    engine = TinyModels.engine();
  }

  @AfterAll
  static void close() {
    engine.close();
  }

  /** One step an epoch. */
  private static TrainingConfig config(
      boolean sampleWeights, @Nullable Double halfLifeDays, LossConfig loss) {
    TrainingConfig config =
        TinyModels.training(
            TinyModels.optimizer(Rule.SGD, 0.5), 4, 1024, 0, 0, Map.of(), halfLifeDays, loss);
    return new TrainingConfig(
        config.epochs(),
        config.batchSize(),
        config.optimizer(),
        config.schedule(),
        config.clipNorm(),
        config.metaLearningRateFactor(),
        config.scenarioWeights(),
        sampleWeights,
        config.halfLifeDays(),
        config.loss(),
        config.validateEvery(),
        config.monitor(),
        config.patience(),
        config.shuffleWindow(),
        config.groupUsers(),
        config.precision(),
        config.calibration(),
        config.seed());
  }

  /** What was learned, and how that was validated. */
  @SuppressWarnings("ArrayRecordComponent")
  private record Trained(float[] state, TrainingResult result) {}

  private Trained train(String run, MemoryData data, TrainingConfig config) {
    try (TrainableModel model =
        ModelAssembly.assemble(
            engine,
            TinyModels.model(new TinyModels.Linear(), new TinyModels.Plain()),
            config,
            TinyModels.SCORING,
            data,
            null)) {
      TrainingResult result =
          new Trainer(model, data, config, folder.resolve(run)).train(Progress.NONE);
      return new Trained(TinyModels.state(model), result);
    }
  }

  @Test
  void weightsAndAgeAndLossChangeTheModelButNotItsMetrics() {
    List<TrainingConfig> configs =
        List.of(
            config(true, null, LossConfig.CROSS_ENTROPY),
            config(false, null, LossConfig.CROSS_ENTROPY),
            config(true, 30.0, LossConfig.CROSS_ENTROPY),
            config(true, null, new LossConfig(LossConfig.Form.FOCAL, 2, null, 0)),
            config(true, null, new LossConfig(LossConfig.Form.FOCAL, 1, 0.4, 0.1)));
    List<float[]> states = new ArrayList<>();
    for (TrainingConfig config : configs) {
      Trained trained = train("run" + states.size(), DATA, config);
      assertThat(trained.result().best().result().overall().rows()).isEqualTo(VALIDATION_ROWS);
      for (float[] other : states) {
        assertThat(trained.state()).isNotEqualTo(other);
      }
      states.add(trained.state());
    }
  }

  /** Sums over twice as many rows round otherwise, and nothing else differs. */
  @Test
  void rowsOfWeightZeroChangeNothing() {
    TrainingConfig config = config(true, null, LossConfig.CROSS_ENTROPY);
    MemoryData doubled =
        DATA.training(
            rows -> rows.stream().flatMap(row -> Stream.of(row, row.weighing(0))).toList());

    assertThat(train("twice", doubled, config).state())
        .containsExactly(train("once", DATA, config).state(), within(1e-5f));
  }
}
