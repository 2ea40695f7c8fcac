package org.llm4msr.runtime.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.BaseNDManager;
import ai.djl.ndarray.NDManager;
import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.assembly.ModelAssembly;
import org.llm4msr.runtime.assembly.Predictions;
import org.llm4msr.runtime.assembly.TrainableModel;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.config.KnowledgeConfig.Missing;
import org.llm4msr.runtime.config.OptimizerConfig;
import org.llm4msr.runtime.config.OptimizerConfig.Rule;
import org.llm4msr.runtime.config.TrainingConfig;
import org.llm4msr.runtime.data.prepared.BatchSource;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.engine.TensorEngine;
import org.llm4msr.runtime.knowledge.vectors.KnowledgeInputs;
import org.llm4msr.runtime.model.DenseParameter;

@Tag("engine")
class TrainingStepTest {

  private static final int D = 4;

  private static final List<MemoryData.Row> ROWS =
      List.of(
          new MemoryData.Row(0, 3, 5, 0.5f, new int[] {1, 2}, 1),
          new MemoryData.Row(2, 3, 6, -2, new int[] {}, 0),
          new MemoryData.Row(2, 7, 5, 1, new int[] {2, 2, 4}, 1));

  private static TensorEngine engine;

  @BeforeAll
  static void open() {
    engine = TinyModels.engine();
  }

  @AfterAll
  static void close() {
    engine.close();
  }

  /** For logit = x v: dL/dx = w (p - y) / B v and dL/dv = sum of w (p - y) / B x, in float64. */
  @Test
  void movesTablesAndParametersByTheGradientOfWeightedCrossEntropy() {
    MemoryData data = MemoryData.of(ROWS);
    double rate = 0.5;
    double[] scenarioWeight = {1, 1, 3};
    OptimizerConfig sgd = new OptimizerConfig(Rule.SGD, rate, 0.9, 0.999, 1e-8, true, 0, 0);
    TrainingConfig config = TinyModels.training(sgd, 1, 3, 0, 0, Map.of("s2", 3.0));
    try (TrainableModel model = linear(data, config)) {
      scaleTables(model, 1e4f);
      float[] before = TinyModels.state(model);
      float[] v = TinyModels.values(model, "backbone/v");
      double[][] x = new double[3][];
      double[] slope = new double[3];
      double loss = 0;
      for (int i = 0; i < 3; i++) {
        x[i] = embedded(model, ROWS.get(i));
        double logit = 0;
        for (int j = 0; j < v.length; j++) {
          logit += x[i][j] * v[j];
        }
        double weight = scenarioWeight[ROWS.get(i).scenario()] / 3;
        double p = 1 / (1 + Math.exp(-logit));
        slope[i] = weight * (p - ROWS.get(i).label());
        loss -= weight * Math.log(ROWS.get(i).label() == 1 ? p : 1 - p);
      }

      TrainingStep.Outcome outcome = oneStep(model, data, config, rate);

      assertThat((double) outcome.loss()).isCloseTo(loss, within(1e-5));
      float[] moved = TinyModels.values(model, "backbone/v");
      for (int j = 0; j < v.length; j++) {
        double gradient = slope[0] * x[0][j] + slope[1] * x[1][j] + slope[2] * x[2][j];
        assertThat((double) moved[j]).isCloseTo(v[j] - rate * gradient, within(1e-5));
      }
      for (int d = 0; d < D; d++) {
        double user = (slope[0] + slope[1]) * v[d];
        assertMoved(model, before, 0, 3, d, rate * user);
        assertMoved(model, before, 0, 7, d, rate * slope[2] * v[d]);
        assertMoved(model, before, 0, 8, d, 0);
        double tag = (slope[0] / 2 + slope[2] * 2 / 3) * v[2 * D + d];
        assertMoved(model, before, 2, 2, d, rate * tag);
        double number = (slope[0] * 0.5 - slope[1] * 2 + slope[2]) * v[3 * D + d];
        assertMoved(model, before, 3, 0, d, rate * number);
      }
    }
  }

  /** Two rows of any weight are one row with the sum of the weights. */
  @Test
  void aRowOfWeightTwoIsTheRowTwice() {
    List<MemoryData.Row> heavy = new ArrayList<>(ROWS);
    heavy.set(1, heavy.get(1).weighing(2));
    List<MemoryData.Row> twice = new ArrayList<>(ROWS);
    twice.add(1, ROWS.get(1));
    TrainingConfig config =
        TinyModels.training(TinyModels.optimizer(Rule.SGD, 0.5), 1, 4, 0, 0, Map.of("s2", 3.0));
    List<float[]> states = new ArrayList<>();
    List<Float> losses = new ArrayList<>();
    for (List<MemoryData.Row> rows : List.of(heavy, twice)) {
      MemoryData data = MemoryData.of(rows);
      try (TrainableModel model = linear(data, config)) {
        scaleTables(model, 1e4f);
        TrainingStep step = new TrainingStep(model, config, data);
        losses.add(engine.call(() -> step.run(firstBatch(data, 4), 0, 0.5)).loss());
        states.add(TinyModels.state(model));
      }
    }

    assertThat(losses.get(0)).isCloseTo(losses.get(1), within(1e-5f));
    assertThat(states.get(0)).containsExactly(states.get(1), within(1e-5f));
  }

  /** Bit for bit, with dropout, momentum, decay, and tables that only such rows touch. */
  @Test
  void rowsOfWeightZeroChangeNothing() {
    MemoryData data = MemoryData.of(120, 10, 0.9);
    MemoryData more =
        data.training(
            rows -> {
              List<MemoryData.Row> all = new ArrayList<>();
              for (int i = 0; i < rows.size(); i++) {
                int user = MemoryData.USERS - 1 - i % 7;
                all.add(rows.get(i));
                all.add(new MemoryData.Row(i % 3, user, i % 30, 9, new int[] {1}, 1).weighing(0));
              }
              return all;
            });
    MemoryData weighted = data.training(rows -> rows.stream().map(r -> r.weighing(2)).toList());

    assertThat(trained(more, 20)).containsExactly(trained(weighted, 10));
  }

  @Test
  void aBatchOfWeightZeroIsNoStep() {
    MemoryData data = MemoryData.of(ROWS);
    MemoryData nothing =
        data.training(
            rows -> {
              List<MemoryData.Row> all = new ArrayList<>(rows);
              all.replaceAll(row -> row.weighing(0));
              all.add(rows.get(0));
              return all;
            });
    TrainingConfig config = TinyModels.training(TinyModels.optimizer(Rule.ADAM, 0.1), 1, 3);
    try (TrainableModel model = linear(data, config)) {
      float[] before = TinyModels.state(model);
      TrainingStep step = new TrainingStep(model, config, nothing);

      TrainingStep.Outcome outcome = engine.call(() -> step.run(firstBatch(nothing, 3), 0, 0.1));

      assertThat(outcome.loss()).isZero();
      assertThat(TinyModels.state(model)).containsExactly(before);
    }
  }

  /** Trains on all rows in their order, and returns the state of the model. */
  private static float[] trained(MemoryData data, int batchSize) {
    TrainingConfig config = TinyModels.training(TinyModels.optimizer(Rule.ADAM, 0.1), 1, batchSize);
    try (TrainableModel model =
            ModelAssembly.assemble(
                engine,
                TinyModels.model(new TinyModels.Towers(), new TinyModels.Plain()),
                config,
                TinyModels.SCORING,
                data,
                null);
        BatchSource source = data.sequential(Split.TRAIN, batchSize)) {
      TrainingStep step = new TrainingStep(model, config, data);
      Batch batch = source.newBatch();
      for (long number = 0; source.next(batch); number++) {
        long now = number;
        engine.call(() -> step.run(batch, now, 0.1));
      }
      return TinyModels.state(model);
    }
  }

  /** The same, whether towers lie in one array or in one each. */
  @Test
  void doesNotMoveTheTowerOfAnAbsentScenario() {
    Map<String, float[]> apart = trainedTowers(false);
    Map<String, float[]> together = trainedTowers(true);

    assertThat(together.keySet()).isEqualTo(apart.keySet());
    apart.forEach(
        (name, values) ->
            assertThat(together.get(name)).as(name).containsExactly(values, within(1e-6f)));
  }

  /** Trains on batches that lack scenario 1 and scenario 2 in turn. */
  private static Map<String, float[]> trainedTowers(boolean together) {
    MemoryData without1 = MemoryData.of(ROWS);
    MemoryData without2 =
        MemoryData.of(
            List.of(
                new MemoryData.Row(1, 4, 5, 1, new int[] {3}, 0),
                new MemoryData.Row(0, 3, 2, -1, new int[] {1}, 1)));
    TrainingConfig config = TinyModels.training(TinyModels.optimizer(Rule.ADAM, 0.1), 1, 3);
    try (TrainableModel model =
        ModelAssembly.assemble(
            engine,
            TinyModels.model(new TinyModels.Towers(together), new TinyModels.Plain()),
            config,
            TinyModels.SCORING,
            without1,
            null)) {
      scaleTables(model, 1e4f);
      TrainingStep step = new TrainingStep(model, config, without1);
      for (int i = 0; i < 4; i++) {
        MemoryData data = i % 2 == 0 ? without1 : without2;
        String absent = "backbone/tower.%d/weight".formatted(1 + i % 2);
        String present = "backbone/tower.%d/weight".formatted(2 - i % 2);
        float[] resting = TinyModels.values(model, absent);
        float[] moving = TinyModels.values(model, present);
        long number = i;
        engine.call(() -> step.run(firstBatch(data, 3), number, 0.1));
        assertThat(TinyModels.values(model, absent)).containsExactly(resting);
        assertThat(TinyModels.values(model, present)).isNotEqualTo(moving);
      }
      Map<String, float[]> trained = new TreeMap<>();
      for (DenseParameter parameter : model.parameters().parameters()) {
        trained.put(parameter.name(), TinyModels.values(model, parameter.name()));
      }
      return trained;
    }
  }

  @Test
  void holdsNoMoreArraysAfterManySteps() {
    MemoryData data = MemoryData.of(500, 50, 0.9);
    TrainingConfig config = TinyModels.training(TinyModels.optimizer(Rule.ADAM, 0.01), 1, 50);
    KnowledgeInputs knowledge =
        new KnowledgeInputs(
            TinyModels.knowledge(6, "u", 30), TinyModels.knowledge(6, "s", 3), Missing.LEARNED);
    try (TrainableModel model =
        ModelAssembly.assemble(
            engine,
            TinyModels.model(new TinyModels.Towers(), new TinyModels.Knowing()),
            config,
            TinyModels.SCORING,
            data,
            knowledge)) {
      TrainingStep step = new TrainingStep(model, config, data);
      List<Integer> live = new ArrayList<>();
      engine.call(
          () -> {
            for (int i = 0; i < 10; i++) {
              step.run(firstBatch(data, 50), i, 0.01);
              live.add(resources(model.manager()));
            }
            return 0;
          });
      Predictions.forEach(model, data, Split.VALIDATION, 10, (batch, logits) -> {});
      live.add(resources(model.manager()));

      assertThat(live).allMatch(count -> count.equals(live.get(0)));
    }
  }

  @Test
  void refusesAWeightForAScenarioThatIsNotThere() {
    MemoryData data = MemoryData.of(ROWS);
    TrainingConfig config =
        TinyModels.training(TinyModels.optimizer(Rule.SGD, 0.1), 1, 3, 0, 0, Map.of("serch", 2.0));
    try (TrainableModel model = linear(data, config)) {
      assertThatThrownBy(() -> new TrainingStep(model, config, data))
          .isInstanceOf(MsrException.class)
          .hasMessageContaining("serch")
          .hasMessageContaining("[s0, s1, s2]");
    }
  }

  private static TrainableModel linear(MemoryData data, TrainingConfig config) {
    return ModelAssembly.assemble(
        engine,
        TinyModels.model(new TinyModels.Linear(), new TinyModels.Plain()),
        config,
        TinyModels.SCORING,
        data,
        null);
  }

  /** The initial values are too small for differences to show. */
  private static void scaleTables(TrainableModel model, float factor) {
    model
        .tables()
        .tables()
        .forEach(
            table -> {
              float[] values = new float[table.rows() * D];
              table.read(0, 0, table.rows(), values);
              for (int i = 0; i < values.length; i++) {
                values[i] *= factor;
              }
              table.write(0, 0, table.rows(), values);
            });
  }

  private static double[] embedded(TrainableModel model, MemoryData.Row row) {
    double[] x = new double[4 * D];
    add(x, 0, vector(model, 0, row.user()), 1);
    add(x, 1, vector(model, 1, row.item()), 1);
    for (int tag : row.tags()) {
      add(x, 2, vector(model, 2, tag), 1.0 / row.tags().length);
    }
    add(x, 3, vector(model, 3, 0), row.number());
    return x;
  }

  private static void add(double[] x, int field, float[] vector, double factor) {
    for (int d = 0; d < D; d++) {
      x[field * D + d] += factor * vector[d];
    }
  }

  private static float[] vector(TrainableModel model, int table, int row) {
    float[] values = new float[D];
    model.tables().tables().get(table).read(0, row, row + 1, values);
    return values;
  }

  private static void assertMoved(
      TrainableModel model, float[] before, int table, int row, int d, double by) {
    int[] rows = {MemoryData.USERS, MemoryData.ITEMS, 5, 1};
    int at = d;
    for (int t = 0; t < table; t++) {
      at += rows[t] * D;
    }
    assertThat((double) vector(model, table, row)[d])
        .describedAs("table %d, row %d, element %d", table, row, d)
        .isCloseTo(before[at + row * D] - by, within(1e-5));
  }

  private static TrainingStep.Outcome oneStep(
      TrainableModel model, MemoryData data, TrainingConfig config, double rate) {
    TrainingStep step = new TrainingStep(model, config, data);
    return engine.call(() -> step.run(firstBatch(data, 3), 0, rate));
  }

  private static Batch firstBatch(MemoryData data, int size) {
    try (BatchSource source = data.sequential(Split.TRAIN, size)) {
      Batch batch = source.newBatch();
      source.next(batch);
      return batch;
    }
  }

  /** Counts what a manager and those below it hold. */
  private static int resources(NDManager manager) {
    try {
      Field field = BaseNDManager.class.getDeclaredField("resources");
      field.setAccessible(true);
      int count = 0;
      for (Object resource : ((Map<?, ?>) field.get(manager)).values()) {
        count += resource instanceof NDManager below ? 1 + resources(below) : 1;
      }
      return count;
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }
}
