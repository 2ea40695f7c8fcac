package org.llm4msr.runtime.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.llm4msr.api.internal.Records;
import org.llm4msr.api.model.Activation;
import org.llm4msr.api.model.Backbone;
import org.llm4msr.api.model.BackboneFactory;
import org.llm4msr.api.model.BackboneOutput;
import org.llm4msr.api.model.Features;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.Pass;
import org.llm4msr.runtime.assembly.ModelAssembly;
import org.llm4msr.runtime.assembly.TrainableModel;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.config.ModelConfig;
import org.llm4msr.runtime.config.OptimizerConfig;
import org.llm4msr.runtime.config.OptimizerConfig.Rule;
import org.llm4msr.runtime.config.TrainingConfig;
import org.llm4msr.runtime.data.prepared.BatchSource;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.engine.TensorEngine;
import org.llm4msr.runtime.tables.EmbeddingTable;
import org.llm4msr.toolkit.model.Linear;

/** One step of logit = x v + the sum of first-order weights, with fields of several sizes. */
@Tag("engine")
class WideModelTest {

  private static final double RATE = 0.5;
  private static final int[] SIZES = {3, 4, 2, 4};
  private static final int[] COLUMNS = {0, 3, 7, 9};

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

  /** logit = x v + b, by a layer that the runtime may compute itself. */
  private static final class Layered implements BackboneFactory<TinyModels.NoConfig> {
    @Override
    public Class<TinyModels.NoConfig> configType() {
      return TinyModels.NoConfig.class;
    }

    @Override
    public Backbone create(TinyModels.NoConfig config, ModelContext context) {
      Linear layer = new Linear(context, context.layout().width(), 1);
      return new Backbone() {
        @Override
        public BackboneOutput forward(Pass pass, Features features) {
          NDArray logit = layer.forward(pass, features.flat(), Activation.NONE);
          return new BackboneOutput(null, logit.squeeze(-1));
        }

        @Override
        public int hiddenSize() {
          return 0;
        }
      };
    }

    @Override
    public boolean hasHidden(TinyModels.NoConfig config) {
      return false;
    }
  }

  private static ModelConfig config(boolean layered) {
    ModelConfig plain =
        TinyModels.model(layered ? new Layered() : new TinyModels.Linear(), new TinyModels.Plain());
    return Records.with(
        Records.with(plain, "embeddingSizes", Map.of("user", 3, "tags", 2)), "linear", true);
  }

  /** The share of each table row in the input of a batch row, by field. */
  private static List<Map<Integer, Double>> shares(MemoryData.Row row) {
    Map<Integer, Double> tags =
        switch (row.tags().length) {
          case 0 -> Map.of();
          case 2 -> Map.of(1, 0.5, 2, 0.5);
          default -> Map.of(2, 2 / 3.0, 4, 1 / 3.0);
        };
    return List.of(
        Map.of(row.user(), 1.0), Map.of(row.item(), 1.0), tags, Map.of(0, (double) row.number()));
  }

  private static List<float[][]> draw(List<EmbeddingTable> tables, Random random) {
    List<float[][]> all = new ArrayList<>();
    for (EmbeddingTable table : tables) {
      float[][] values = new float[table.rows()][table.dimension()];
      for (int row = 0; row < values.length; row++) {
        for (int d = 0; d < values[row].length; d++) {
          values[row][d] = (float) random.nextGaussian();
        }
        table.write(0, row, row + 1, values[row]);
      }
      all.add(values);
    }
    return all;
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void movesVectorsAndWeightsByTheGradientOfTheirSum(boolean layered) {
    MemoryData data = MemoryData.of(ROWS);
    OptimizerConfig sgd = new OptimizerConfig(Rule.SGD, RATE, 0.9, 0.999, 1e-8, true, 0, 0);
    TrainingConfig training = TinyModels.training(sgd, 1, 3);
    try (TrainableModel model =
        ModelAssembly.assemble(engine, config(layered), training, TinyModels.SCORING, data, null)) {
      assertThat(model.tables().width()).isEqualTo(13 + 4);
      assertThat(model.shape().layout().width()).isEqualTo(13);
      Random random = new Random(5);
      List<float[][]> vectors = draw(model.tables().tables(), random);
      List<float[][]> weights = draw(model.tables().linear(), random);
      float[] v = TinyModels.values(model, layered ? "backbone/weight" : "backbone/v");
      double bias = layered ? TinyModels.values(model, "backbone/bias")[0] : 0;
      double[] slope = new double[3];
      double loss = 0;
      for (int i = 0; i < 3; i++) {
        double logit = bias;
        List<Map<Integer, Double>> shares = shares(ROWS.get(i));
        for (int field = 0; field < 4; field++) {
          for (Map.Entry<Integer, Double> share : shares.get(field).entrySet()) {
            logit += share.getValue() * weights.get(field)[share.getKey()][0];
            for (int d = 0; d < SIZES[field]; d++) {
              double x = share.getValue() * vectors.get(field)[share.getKey()][d];
              logit += x * v[COLUMNS[field] + d];
            }
          }
        }
        double p = 1 / (1 + Math.exp(-logit));
        slope[i] = (p - ROWS.get(i).label()) / 3;
        loss -= Math.log(ROWS.get(i).label() == 1 ? p : 1 - p) / 3;
      }

      TrainingStep step = new TrainingStep(model, training, data);
      TrainingStep.Outcome outcome = engine.call(() -> step.run(batch(data), 0, RATE));

      assertThat((double) outcome.loss()).isCloseTo(loss, within(1e-5));
      for (int field = 0; field < 4; field++) {
        EmbeddingTable table = model.tables().tables().get(field);
        EmbeddingTable ofWeights = model.tables().linear().get(field);
        for (int row = 0; row < table.rows(); row++) {
          double by = 0;
          for (int i = 0; i < 3; i++) {
            by += slope[i] * shares(ROWS.get(i)).get(field).getOrDefault(row, 0.0);
          }
          assertThat((double) read(ofWeights, row)[0])
              .isCloseTo(weights.get(field)[row][0] - RATE * by, within(1e-5));
          float[] moved = read(table, row);
          for (int d = 0; d < SIZES[field]; d++) {
            double gradient = by * v[COLUMNS[field] + d];
            assertThat((double) moved[d])
                .isCloseTo(vectors.get(field)[row][d] - RATE * gradient, within(1e-5));
          }
        }
      }
    }
  }

  private static float[] read(EmbeddingTable table, int row) {
    float[] values = new float[table.dimension()];
    table.read(0, row, row + 1, values);
    return values;
  }

  private static Batch batch(MemoryData data) {
    try (BatchSource source = data.sequential(Split.TRAIN, 3)) {
      Batch batch = source.newBatch();
      source.next(batch);
      return batch;
    }
  }
}
