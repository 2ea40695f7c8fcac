package org.llm4msr.runtime.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.assembly.ModelAssembly;
import org.llm4msr.runtime.assembly.TrainableModel;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.config.KnowledgeConfig.Missing;
import org.llm4msr.runtime.config.ModelConfig;
import org.llm4msr.runtime.config.OptimizerConfig.Rule;
import org.llm4msr.runtime.config.TrainingConfig;
import org.llm4msr.runtime.data.prepared.BatchSource;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.engine.TensorEngine;
import org.llm4msr.runtime.knowledge.vectors.KnowledgeInputs;

/** When training says that it is slow, and that to find out changes nothing. */
@Tag("engine")
class SpeedCheckTest {

  private static final long SECOND = 1_000_000_000;

  /** Ends when patience does; the epochs that are left would take hours. */
  private static final TrainingConfig LONG =
      TinyModels.training(TinyModels.optimizer(Rule.ADAM, 0.01), 1_000_000, 64, 20, 2, Map.of());

  private static final MemoryData DATA = MemoryData.of(640, 100, 0.9);
  private static final ModelConfig ENHANCED =
      TinyModels.model(new TinyModels.Towers(), new TinyModels.Knowing());

  private static TensorEngine engine;

  @TempDir Path folder;
  private final List<SlowTraining> told = new ArrayList<>();
  private int plainModels;

  @BeforeAll
  static void open() {
    engine = TinyModels.engine();
  }

  @AfterAll
  static void close() {
    engine.close();
  }

  /** Two seconds a step warm up with the first, and are measured with the second. */
  @Test
  void longTrainingOfASlowModelIsTold() {
    stepped(2 * SECOND, 64_000, 2);

    assertThat(told).hasSize(1);
    SlowTraining slow = told.get(0);
    assertThat(slow.rowsPerSecond()).isCloseTo(32, within(1e-9));
    assertThat(slow.plainRowsPerSecond()).as("of a tiny model").isGreaterThan(320);
    assertThat(slow.rows()).isEqualTo(64);
    assertThat(slow.users()).isEqualTo(usersOfTheFirst(64));
    assertThat(slow.secondsLeft()).isCloseTo(2_000, within(1e-9));
    assertThat(plainModels).isEqualTo(1);
  }

  private static int usersOfTheFirst(int rows) {
    Batch batch = batch();
    boolean[] seen = new boolean[MemoryData.USERS];
    int users = 0;
    for (int i = 0; i < rows; i++) {
      users += seen[batch.user[i]] ? 0 : 1;
      seen[batch.user[i]] = true;
    }
    return users;
  }

  @Test
  void shortTrainingMeasuresNothing() {
    stepped(2 * SECOND, 32 * 120, 3);

    assertThat(told).isEmpty();
    assertThat(plainModels).isZero();
  }

  /** A nanosecond a step is faster than any model; five steps warm up, and ten are measured. */
  @Test
  void longTrainingOfAFastModelIsNotTold() {
    stepped(1, 64 * 200 * SECOND, 14);
    assertThat(plainModels).isZero();

    stepped(1, 64 * 200 * SECOND, 30);
    assertThat(plainModels).isEqualTo(1);
    assertThat(told).isEmpty();
  }

  private void stepped(long nanos, long rowsLeft, int steps) {
    engine.call(
        () -> {
          try (TrainableModel model = enhanced()) {
            TrainingStep step = new TrainingStep(model, LONG, DATA);
            SpeedCheck check = new SpeedCheck(plain(model), step, told::add);
            Batch batch = batch();
            for (int i = 0; i < steps; i++) {
              check.stepped(batch, nanos, rowsLeft);
            }
          }
          return 0;
        });
  }

  private static Batch batch() {
    try (BatchSource rows = DATA.sequential(Split.TRAIN, 64)) {
      Batch batch = rows.newBatch();
      rows.next(batch);
      return batch;
    }
  }

  @Test
  void trainingGivesTheSameBitsWhileItIsTimed() {
    float[] alone = trained("alone", false);
    assertThat(plainModels).isZero();

    assertThat(trained("timed", true)).containsExactly(alone);
    assertThat(plainModels).isEqualTo(1);
  }

  private float[] trained(String run, boolean timed) {
    try (TrainableModel model = enhanced()) {
      Trainer trainer = new Trainer(model, DATA, LONG, folder.resolve(run));
      if (timed) {
        trainer.checkSpeed(plain(model), told::add);
      }
      TrainingResult result = trainer.train(Progress.NONE);
      assertThat(result.stoppedEarly()).isTrue();
      assertThat(result.stillImproving()).isFalse();
      return TinyModels.state(model);
    }
  }

  private Supplier<TrainableModel> plain(TrainableModel model) {
    return () -> {
      plainModels++;
      TrainableModel plain = ModelAssembly.plain(model, ENHANCED, LONG, TinyModels.SCORING, DATA);
      assertThat(plain.tables()).as("not copied").isSameAs(model.tables());
      assertThat(plain.parameters().parameters())
          .isNotEmpty()
          .allMatch(parameter -> parameter.scope().equals("backbone"));
      return plain;
    };
  }

  private static TrainableModel enhanced() {
    KnowledgeInputs knowledge =
        new KnowledgeInputs(
            TinyModels.knowledge(6, "u", MemoryData.USERS),
            TinyModels.knowledge(6, "s", 3),
            Missing.MEAN);
    return ModelAssembly.assemble(engine, ENHANCED, LONG, TinyModels.SCORING, DATA, knowledge);
  }
}
