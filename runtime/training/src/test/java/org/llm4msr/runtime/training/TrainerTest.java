package org.llm4msr.runtime.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Progress;
import org.llm4msr.api.model.Backbone;
import org.llm4msr.api.model.BackboneFactory;
import org.llm4msr.api.model.BackboneOutput;
import org.llm4msr.api.model.Decay;
import org.llm4msr.api.model.Features;
import org.llm4msr.api.model.Initializer;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.Parameter;
import org.llm4msr.api.model.Pass;
import org.llm4msr.runtime.assembly.ModelAssembly;
import org.llm4msr.runtime.assembly.Predictions;
import org.llm4msr.runtime.assembly.TrainableModel;
import org.llm4msr.runtime.config.KnowledgeConfig.Missing;
import org.llm4msr.runtime.config.LossConfig;
import org.llm4msr.runtime.config.OptimizerConfig.Rule;
import org.llm4msr.runtime.config.TrainingConfig;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.engine.TensorEngine;
import org.llm4msr.runtime.evaluation.Evaluator;
import org.llm4msr.runtime.knowledge.vectors.KnowledgeInputs;

@Tag("engine")
class TrainerTest {

  /** Rows of the last batch of an epoch where others have 64. */
  private static final int LAST_BATCH = 52;

  private static TensorEngine engine;

  @TempDir Path folder;

  @BeforeAll
  static void open() {
    engine = TinyModels.engine();
  }

  @AfterAll
  static void close() {
    engine.close();
  }

  @Test
  void learnsAndKeepsTheBestState() throws IOException {
    MemoryData data = MemoryData.of(6_000, 1_500, 0.9);
    TrainingConfig config = TinyModels.training(TinyModels.optimizer(Rule.ADAM, 0.01), 6, 128);
    try (TrainableModel model = towers(data, config)) {
      TrainingResult result = new Trainer(model, data, config, folder).train(Progress.NONE);

      assertThat(result.steps()).isEqualTo(6 * 47);
      assertThat(result.history()).hasSize(6).contains(result.best());
      assertThat(result.best().result().scenarios()).hasSize(3);
      assertThat(result.history())
          .filteredOn(validation -> !validation.equals(result.best()))
          .allMatch(validation -> validation.result().scenarios().isEmpty());
      // Labels are right with 0.9: no ranking of the two classes by their truth beats AUC 0.9.
      assertThat(result.best().result().overall().auc()).isBetween(0.8, 0.92);
      assertThat(auc(model, data, 100)).isEqualTo(result.best().result().overall().auc());
    }
    List<String> lines = Files.readAllLines(folder.resolve("metrics.jsonl"));
    assertThat(lines).hasSize(6 + 282 / 50);
    JsonNode last = new ObjectMapper().readTree(lines.get(lines.size() - 1));
    assertThat(last.get("type").asText()).isEqualTo("validation");
    assertThat(last.at("/validation/scenarios")).hasSize(3);
  }

  /** One epoch has one validation, which is the best and the last. */
  @Test
  void saysWhereMoreEpochsMayHelp() {
    MemoryData data = MemoryData.of(1_000, 100, 0.9);
    TrainingConfig config = TinyModels.training(TinyModels.optimizer(Rule.ADAM, 0.01), 1, 64);
    try (TrainableModel model = towers(data, config)) {
      TrainingResult result = new Trainer(model, data, config, folder).train(Progress.NONE);

      assertThat(result.stillImproving()).isTrue();
      assertThat(result.epochs()).isEqualTo(1);
      JsonNode json = new ObjectMapper().valueToTree(result);
      assertThat(json.path("stillImproving").asBoolean()).isTrue();
      assertThat(TrainingResult.advice(false, true, result.epochs()))
          .isEqualTo("Still improving: raise training.epochs (now 1).");
    }
  }

  @Test
  void repeatsARunBitForBit() {
    MemoryData data = MemoryData.of(1_000, 100, 0.9);
    TrainingConfig config = TinyModels.training(TinyModels.optimizer(Rule.ADAM, 0.01), 2, 64);

    assertThat(trained(data, config, "a")).containsExactly(trained(data, config, "b"));
  }

  @Test
  void goesOnWhereItWasStopped() {
    MemoryData data = MemoryData.of(1_000, 100, 0.9);
    TrainingConfig config = TinyModels.training(TinyModels.optimizer(Rule.ADAM, 0.01), 3, 64);
    float[] whole = trained(data, config, "whole");

    try (TrainableModel model = knowing(data, config)) {
      AtomicReference<Trainer> trainer = new AtomicReference<>();
      trainer.set(new Trainer(model, data, config, folder.resolve("parts")));
      Progress stopsInTheSecondEpoch =
          (done, total) -> {
            if (done >= 1_300) {
              trainer.get().requestStop();
            }
          };
      assertThatThrownBy(() -> trainer.get().train(stopsInTheSecondEpoch))
          .isInstanceOf(MsrException.class)
          .hasMessageContaining("training/STOPPED");
    }

    assertThat(trained(data, config, "parts")).containsExactly(whole);
    assertThat(trained(data, config, "parts"))
        .describedAs("a finished run is read, not trained again")
        .containsExactly(whole);
  }

  @Test
  void twoInOneProcessTrainAsEachDoesAlone() {
    MemoryData data = MemoryData.of(1_000, 100, 0.9);
    TrainingConfig config = TinyModels.training(TinyModels.optimizer(Rule.ADAM, 0.01), 3, 64);
    float[] alone = trained(data, config, "alone");

    List<CompletableFuture<float[]>> both =
        Stream.of("left", "right")
            .map(run -> CompletableFuture.supplyAsync(() -> trainedElsewhere(data, config, run)))
            .toList();

    assertThat(both).allSatisfy(run -> assertThat(run.join()).containsExactly(alone));
  }

  private float[] trainedElsewhere(MemoryData data, TrainingConfig config, String run) {
    try (TensorEngine own = TinyModels.engine()) {
      return trained(own, data, config, run);
    }
  }

  /** As a service that shuts its pool down does. */
  @Test
  void anInterruptOfTheCallerStopsInGoodOrder() {
    MemoryData data = MemoryData.of(1_000, 100, 0.9);
    TrainingConfig config = TinyModels.training(TinyModels.optimizer(Rule.ADAM, 0.01), 3, 64);
    float[] whole = trained(data, config, "whole");

    Thread caller = Thread.currentThread();
    try (TrainableModel model = knowing(data, config)) {
      Trainer trainer = new Trainer(model, data, config, folder.resolve("interrupted"));
      Progress interrupting =
          (done, total) -> {
            caller.interrupt();
            while (caller.isInterrupted()) {
              Thread.onSpinWait(); // Else training may end before the caller runs again.
            }
          };
      assertThatThrownBy(() -> trainer.train(interrupting))
          .isInstanceOf(MsrException.class)
          .hasMessageContaining("training/STOPPED");
    }
    assertThat(Thread.interrupted()).isTrue();

    assertThat(trained(data, config, "interrupted")).containsExactly(whole);
  }

  /** A speed of theirs would promise an end far too soon. */
  @Test
  void rowsOfAnEarlierCallAreSaidToHaveTakenNoTime() {
    MemoryData data = MemoryData.of(1_000, 100, 0.9);
    TrainingConfig config = TinyModels.training(TinyModels.optimizer(Rule.ADAM, 0.01), 3, 64);
    try (TrainableModel model = knowing(data, config)) {
      Trainer stopped = new Trainer(model, data, config, folder);
      assertThatThrownBy(() -> stopped.train((done, total) -> stopped.requestStop()))
          .hasMessageContaining("training/STOPPED");
      List<Long> reported = new ArrayList<>();
      new Trainer(model, data, config, folder)
          .train(
              new Progress() {
                @Override
                public void update(long done, long total) {
                  reported.add(done);
                }

                @Override
                public void detail(long skipped, String remark) {
                  reported.add(-skipped);
                }
              });

      assertThat(reported).startsWith(-64L, 128L).endsWith(3_000L);
    }
  }

  @Test
  void refusesCheckpointsOfOtherSettings() {
    MemoryData data = MemoryData.of(200, 50, 0.9);
    trained(data, TinyModels.training(TinyModels.optimizer(Rule.SGD, 0.1), 1, 64), "run");

    TrainingConfig other = TinyModels.training(TinyModels.optimizer(Rule.SGD, 0.2), 1, 64);
    assertThatThrownBy(() -> trained(data, other, "run"))
        .isInstanceOf(MsrException.class)
        .hasMessageContaining("training/OTHER_RUN");
  }

  private static double auc(TrainableModel model, MemoryData data, int batchSize) {
    Evaluator evaluator = new Evaluator(data.manifest().scenarioKeys());
    return ModelEvaluation.of(model, data, Split.VALIDATION, batchSize, evaluator).overall().auc();
  }

  @Test
  void stopsWhenPatienceRunsOut() {
    MemoryData noise = MemoryData.of(600, 300, 0.5);
    TrainingConfig config =
        TinyModels.training(TinyModels.optimizer(Rule.ADAM, 0.02), 50, 64, 5, 3, Map.of());
    try (TrainableModel model = towers(noise, config)) {
      TrainingResult result = new Trainer(model, noise, config, folder).train(Progress.NONE);

      assertThat(result.stoppedEarly()).isTrue();
      assertThat(result.stillImproving()).isFalse();
      assertThat(result.history()).hasSize((int) result.bestStep() / 5 + 3);
      assertThat(result.steps()).isEqualTo(result.bestStep() + 15);
      double best = result.best().result().overall().auc();
      assertThat(result.history()).allMatch(v -> v.result().overall().auc() <= best);
      assertThat(auc(model, noise, 64)).isEqualTo(best);
    }
  }

  /** A high rate learns by heart: the loss rises long before the order of the rows suffers. */
  @Test
  void theMonitoredMetricChoosesTheBestState() {
    MemoryData data = MemoryData.of(600, 300, 0.8);
    TrainingConfig config = monitoring("logLoss", 8, 2);
    try (TrainableModel model = towers(data, config)) {
      TrainingResult result = new Trainer(model, data, config, folder).train(Progress.NONE);

      double best = result.best().result().overall().logLoss();
      assertThat(result.history()).hasSizeGreaterThan(1);
      assertThat(result.history()).allMatch(v -> v.result().overall().logLoss() >= best);
      Evaluator evaluator = new Evaluator(data.manifest().scenarioKeys());
      assertThat(
              ModelEvaluation.of(model, data, Split.VALIDATION, 64, evaluator).overall().logLoss())
          .isEqualTo(best);
    }
  }

  @Test
  void aMonitoredMetricThatIsMissingEndsTraining() {
    MemoryData data = MemoryData.of(200, 1, 0.9);
    TrainingConfig config = monitoring("gauc", 1, 0);
    try (TrainableModel model = towers(data, config)) {
      Trainer trainer = new Trainer(model, data, config, folder);

      assertThatThrownBy(() -> trainer.train(Progress.NONE))
          .isInstanceOf(MsrException.class)
          .hasMessage(
              "[training/MONITOR] The metric gauc, which training.monitor names, has no value on"
                  + " the validation part: no user has rows of both classes. Name another metric,"
                  + " or choose another dataset.split.");
    }
  }

  @Test
  void aMetricThatDoesNotExistIsNotMonitored() {
    MemoryData data = MemoryData.of(200, 50, 0.9);
    TrainingConfig config = monitoring("loss", 1, 0);
    try (TrainableModel model = towers(data, config)) {
      Trainer trainer = new Trainer(model, data, config, folder);

      assertThatThrownBy(() -> trainer.train(Progress.NONE))
          .hasMessageContaining("[evaluation/UNKNOWN_METRIC] The key 'training.monitor' names the")
          .hasMessageContaining("Choose one of auc, gauc, logLoss,");
    }
  }

  private static TrainingConfig monitoring(String metric, int epochs, int patience) {
    return TinyModels.training(
        TinyModels.optimizer(Rule.ADAM, 0.02),
        epochs,
        64,
        0,
        metric,
        patience,
        Map.of(),
        null,
        LossConfig.CROSS_ENTROPY);
  }

  @Test
  void saysWhatToDoWhenTheLossIsNotFinite() {
    // No ReLU: on some processors that of MXNet turns NaN into 0.
    MemoryData data = MemoryData.of(500, 100, 0.9);
    TrainingConfig config = TinyModels.training(TinyModels.optimizer(Rule.SGD, 1e30), 2, 64);
    try (TrainableModel model = model(new TinyModels.Linear(), data, config)) {
      Trainer trainer = new Trainer(model, data, config, folder);

      assertThatThrownBy(() -> trainer.train(Progress.NONE))
          .isInstanceOf(MsrException.class)
          .hasMessageContaining("training/NOT_FINITE")
          .hasMessageContaining("learningRate");
    }
  }

  /** In the last step, no later loss tells of it. */
  @ParameterizedTest
  @CsvSource({
    "false, 100, The parameter backbone/v",
    "true, 100, The table of",
    "false, 0, The parameter backbone/v"
  })
  void aGradientThatIsNotFiniteIsToldWithTheStep(boolean ofInput, int validation, String what) {
    MemoryData data = MemoryData.of(LAST_BATCH + 7 * 64, validation, 0.9);
    TrainingConfig config = TinyModels.training(TinyModels.optimizer(Rule.SGD, 0.1), 1, 64);
    try (TrainableModel model = model(new Derailed(ofInput), data, config)) {
      Trainer trainer = new Trainer(model, data, config, folder);

      assertThatThrownBy(() -> trainer.train(Progress.NONE))
          .isInstanceOf(MsrException.class)
          .hasMessageStartingWith("[training/NOT_FINITE] " + what)
          .hasMessageContaining(" is not finite after step 8, though the loss was")
          .hasMessageContaining("learningRate");
      assertThatThrownBy(trainer::loadBest).hasMessageContaining("training/NOT_TRAINED");
    }
  }

  /**
   * A linear model. Its loss is finite in the last step of an epoch, in which the root of 0 has no
   * finite gradient.
   *
   * @param ofInput whether the root is of the input, or of the logit and so of the parameter too
   */
  private record Derailed(boolean ofInput) implements BackboneFactory<TinyModels.NoConfig> {
    @Override
    public Class<TinyModels.NoConfig> configType() {
      return TinyModels.NoConfig.class;
    }

    @Override
    public Backbone create(TinyModels.NoConfig config, ModelContext context) {
      Parameter v =
          context.parameter(
              "v", new Shape(context.layout().width(), 1), new Initializer.Uniform(1), Decay.YES);
      return new Backbone() {
        @Override
        public BackboneOutput forward(Pass pass, Features features) {
          NDArray x = features.flat();
          boolean last = pass.training() && x.getShape().get(0) == LAST_BATCH;
          NDArray input = last && ofInput ? withRootOfZero(x) : x;
          NDArray logit = input.dot(v.array()).squeeze(-1);
          return new BackboneOutput(null, last && !ofInput ? withRootOfZero(logit) : logit);
        }

        @Override
        public int hiddenSize() {
          return 0;
        }
      };
    }

    private static NDArray withRootOfZero(NDArray x) {
      return x.add(x.sub(x).sqrt());
    }

    @Override
    public boolean hasHidden(TinyModels.NoConfig config) {
      return false;
    }
  }

  @Test
  void predictionsAreLogitsOfEveryRow() {
    MemoryData data = MemoryData.of(300, 70, 0.9);
    TrainingConfig config = TinyModels.training(TinyModels.optimizer(Rule.SGD, 0.1), 1, 64);
    try (TrainableModel model = knowing(data, config)) {
      float[] inSmallBatches = predictions(model, data, 16);
      float[] inOne = predictions(model, data, 70);

      for (int i = 0; i < 70; i++) {
        assertThat(inSmallBatches[i]).isNotZero().isCloseTo(inOne[i], within(1e-5f));
      }
    }
  }

  private static float[] predictions(TrainableModel model, MemoryData data, int batchSize) {
    float[] all = new float[70];
    Predictions.forEach(
        model,
        data,
        Split.VALIDATION,
        batchSize,
        (batch, logits) -> {
          for (int i = 0; i < batch.size; i++) {
            all[(int) batch.row[i]] = logits[i];
          }
        });
    return all;
  }

  private float[] trained(MemoryData data, TrainingConfig config, String run) {
    return trained(engine, data, config, run);
  }

  private float[] trained(TensorEngine engine, MemoryData data, TrainingConfig config, String run) {
    try (TrainableModel model = knowing(engine, data, config)) {
      new Trainer(model, data, config, folder.resolve(run)).train(Progress.NONE);
      return TinyModels.state(model);
    }
  }

  private static TrainableModel towers(MemoryData data, TrainingConfig config) {
    return model(new TinyModels.Towers(), data, config);
  }

  private static TrainableModel model(
      BackboneFactory<TinyModels.NoConfig> backbone, MemoryData data, TrainingConfig config) {
    return ModelAssembly.assemble(
        engine,
        TinyModels.model(backbone, new TinyModels.Plain()),
        config,
        TinyModels.SCORING,
        data,
        null);
  }

  private static TrainableModel knowing(MemoryData data, TrainingConfig config) {
    return knowing(engine, data, config);
  }

  private static TrainableModel knowing(
      TensorEngine engine, MemoryData data, TrainingConfig config) {
    KnowledgeInputs knowledge =
        new KnowledgeInputs(
            TinyModels.knowledge(6, "u", MemoryData.USERS - 8),
            TinyModels.knowledge(6, "s", 3),
            Missing.LEARNED);
    return ModelAssembly.assemble(
        engine,
        TinyModels.model(new TinyModels.Towers(), new TinyModels.Knowing()),
        config,
        TinyModels.SCORING,
        data,
        knowledge);
  }
}
