package org.llm4msr.runtime.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.internal.Records;
import org.llm4msr.runtime.assembly.ModelAssembly;
import org.llm4msr.runtime.assembly.TrainableModel;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.config.KnowledgeConfig.Missing;
import org.llm4msr.runtime.config.ModelConfig;
import org.llm4msr.runtime.config.ModelConfig.ColdItemsConfig;
import org.llm4msr.runtime.config.ModelConfig.ColdItemsConfig.Form;
import org.llm4msr.runtime.config.OptimizerConfig;
import org.llm4msr.runtime.config.OptimizerConfig.Rule;
import org.llm4msr.runtime.config.TrainingConfig;
import org.llm4msr.runtime.data.prepared.BatchSource;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.engine.TensorEngine;
import org.llm4msr.runtime.knowledge.vectors.KnowledgeInputs;
import org.llm4msr.runtime.model.ParameterSnapshot;
import org.llm4msr.runtime.tables.EmbeddingTable;

/** Steps of logit = x v, where values with few rows read the vectors of their items. */
@Tag("engine")
class ColdItemsModelTest {

  private static final double RATE = 0.5;
  private static final int K = 3;
  private static final int D = 4;

  /** The first column of the item's field, after that of the user. */
  private static final int ITEM = D;

  /** Items with a vector; those after them have none. */
  private static final int WITH_VECTOR = 28;

  /** Item 5 has two rows, item 6 one, item 29 one and no vector; id 0 is no value of its own. */
  private static final List<MemoryData.Row> ROWS =
      List.of(
          new MemoryData.Row(0, 3, 5, 0.5f, new int[] {1, 2}, 1),
          new MemoryData.Row(2, 3, 6, -2, new int[] {}, 0),
          new MemoryData.Row(2, 7, 5, 1, new int[] {4}, 1),
          new MemoryData.Row(1, 4, 29, 1, new int[] {4}, 0),
          new MemoryData.Row(1, 4, 0, 1, new int[] {}, 1));

  /** 2 / (n + 2) by hand. */
  private static final double[] SHARES = {1 / 2.0, 2 / 3.0, 1 / 2.0, 0, 1};

  private static TensorEngine engine;

  @BeforeAll
  static void open() {
    engine = TinyModels.engine();
  }

  @AfterAll
  static void close() {
    engine.close();
  }

  static ModelConfig config(ModelConfig plain, ColdItemsConfig cold) {
    return Records.with(plain, "coldItems", cold);
  }

  private static ModelConfig config(ColdItemsConfig cold) {
    return config(TinyModels.model(new TinyModels.Linear(), new TinyModels.Plain()), cold);
  }

  static KnowledgeInputs knowledge() {
    return new KnowledgeInputs(
            TinyModels.knowledge(K, "u", MemoryData.USERS),
            TinyModels.knowledge(K, "s", 3),
            Missing.MEAN)
        .withItems(TinyModels.knowledge(K, "i", WITH_VECTOR), Missing.MEAN);
  }

  private static float[] vector(int item) {
    float[] vector = new float[K];
    TinyModels.knowledge(K, "i", WITH_VECTOR).read("i" + item, vector);
    return vector;
  }

  /** Standardises a vector on the items of the training rows that have one. */
  private static double[] standardised(int item) {
    double[] standardised = new double[K];
    int[] known = {0, 5, 6};
    for (int k = 0; k < K; k++) {
      int own = k;
      double mean = Arrays.stream(known).mapToDouble(i -> vector(i)[own]).average().orElseThrow();
      double variance =
          Arrays.stream(known)
              .mapToDouble(i -> Math.pow(vector(i)[own] - mean, 2))
              .average()
              .orElseThrow();
      standardised[k] = (vector(item)[k] - mean) / Math.sqrt(variance);
    }
    return standardised;
  }

  private static TrainingConfig training(OptimizerConfig.Rule rule) {
    return TinyModels.training(
        new OptimizerConfig(rule, RATE, 0.9, 0.999, 1e-8, true, 0, 0), 1, ROWS.size());
  }

  private static TrainableModel model(ColdItemsConfig cold, MemoryData data) {
    return ModelAssembly.assemble(
        engine, config(cold), training(Rule.SGD), TinyModels.SCORING, data, knowledge());
  }

  private static float[][] draw(EmbeddingTable table, Random random) {
    float[][] values = new float[table.rows()][table.dimension()];
    for (int row = 0; row < values.length; row++) {
      for (int d = 0; d < values[row].length; d++) {
        values[row][d] = (float) random.nextGaussian();
      }
      table.write(0, row, row + 1, values[row]);
    }
    return values;
  }

  private static float[] draw(int size, Random random) {
    float[] values = new float[size];
    for (int i = 0; i < size; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  @ParameterizedTest
  @EnumSource(Form.class)
  void readsByTheRowsOfAValueAndMovesBothPartsByTheirGradients(Form form) {
    MemoryData data = MemoryData.of(ROWS);
    Random random = new Random(5);
    double[] parts = form == Form.SUM ? new double[] {1, 1, 1, 1, 1} : SHARES;
    try (TrainableModel model = model(new ColdItemsConfig("item", 2, 0, form), data)) {
      assertThat(model.shape().layout().width()).isEqualTo(4 * D);
      float[][] items = draw(model.tables().tables().get(1), random);
      float[] weight = draw(K * D, random);
      float[] bias = draw(D, random);
      float[] v = draw(4 * D, random);
      engine.call(
          () -> {
            model
                .parameters()
                .restore(
                    new ParameterSnapshot(
                        Map.of(
                            "backbone/v", v,
                            "knowledge/cold-items/weight", weight,
                            "knowledge/cold-items/bias", bias)));
            return 0;
          });
      double[] slopes = new double[ROWS.size()];
      double loss = 0;
      double[] rest = restOfLogits(model, data, v);
      for (int row = 0; row < slopes.length; row++) {
        double logit = rest[row];
        for (int d = 0; d < D; d++) {
          double own = items[ROWS.get(row).item()][d];
          double read = projected(row, weight, bias, d);
          logit += v[ITEM + d] * ((1 - SHARES[row]) * own + parts[row] * read);
        }
        double p = 1 / (1 + Math.exp(-logit));
        slopes[row] = (p - ROWS.get(row).label()) / slopes.length;
        loss -= Math.log(ROWS.get(row).label() == 1 ? p : 1 - p) / slopes.length;
      }

      TrainingStep step = new TrainingStep(model, training(Rule.SGD), data);
      TrainingStep.Outcome outcome = engine.call(() -> step.run(batch(data), 0, RATE));

      assertThat((double) outcome.loss()).isCloseTo(loss, within(1e-5));
      assertMoved(model, items, weight, bias, v, slopes, parts);
    }
  }

  private static double projected(int row, float[] weight, float[] bias, int d) {
    double sum = bias[d];
    double[] vector = read(row);
    for (int k = 0; k < K; k++) {
      sum += vector[k] * weight[k * D + d];
    }
    return sum;
  }

  /** Returns the vector that a row reads, the mean of all where its item has none. */
  private static double[] read(int row) {
    int item = ROWS.get(row).item();
    return item < WITH_VECTOR ? standardised(item) : new double[K];
  }

  /** Returns what the other fields give, whose tables are at their initial values. */
  private static double[] restOfLogits(TrainableModel model, MemoryData data, float[] v) {
    Batch batch = batch(data);
    double[] rest = new double[batch.size];
    float[] user = new float[D];
    float[] number = new float[D];
    model.tables().tables().get(3).read(0, 0, 1, number);
    for (int row = 0; row < rest.length; row++) {
      model.tables().tables().get(0).read(0, batch.user[row], batch.user[row] + 1, user);
      int[] tags = ROWS.get(row).tags();
      for (int d = 0; d < D; d++) {
        rest[row] += v[d] * user[d] + v[3 * D + d] * number[d] * ROWS.get(row).number();
        for (int tag : tags) {
          float[] own = new float[D];
          model.tables().tables().get(2).read(0, tag, tag + 1, own);
          rest[row] += v[2 * D + d] * own[d] / tags.length;
        }
      }
    }
    return rest;
  }

  private static void assertMoved(
      TrainableModel model,
      float[][] items,
      float[] weight,
      float[] bias,
      float[] v,
      double[] slopes,
      double[] parts) {
    EmbeddingTable table = model.tables().tables().get(1);
    float[] movedWeight = TinyModels.values(model, "knowledge/cold-items/weight");
    float[] movedBias = TinyModels.values(model, "knowledge/cold-items/bias");
    for (int d = 0; d < D; d++) {
      double[] ofItems = new double[table.rows()];
      double[] ofWeight = new double[K];
      double ofBias = 0;
      for (int row = 0; row < slopes.length; row++) {
        double gradient = slopes[row] * v[ITEM + d];
        ofItems[ROWS.get(row).item()] += (1 - SHARES[row]) * gradient;
        ofBias += parts[row] * gradient;
        for (int k = 0; k < K; k++) {
          ofWeight[k] += parts[row] * gradient * read(row)[k];
        }
      }
      for (int id = 0; id < ofItems.length; id++) {
        float[] moved = new float[D];
        table.read(0, id, id + 1, moved);
        assertThat((double) moved[d]).isCloseTo(items[id][d] - RATE * ofItems[id], within(1e-5));
      }
      for (int k = 0; k < K; k++) {
        assertThat((double) movedWeight[k * D + d])
            .isCloseTo(weight[k * D + d] - RATE * ofWeight[k], within(1e-5));
      }
      assertThat((double) movedBias[d]).isCloseTo(bias[d] - RATE * ofBias, within(1e-5));
    }
  }

  /** Rows that dropout takes move no value, and all of them move the map. */
  @Test
  void dropoutTrainsTheMapInPlaceOfTheValues() {
    List<MemoryData.Row> rows = List.of(ROWS.get(0), ROWS.get(1), ROWS.get(2));
    MemoryData data = MemoryData.of(rows);
    try (TrainableModel model = model(new ColdItemsConfig("item", 0, 0.999999, Form.MIX), data)) {
      float[][] items = draw(model.tables().tables().get(1), new Random(5));
      float[] before = TinyModels.values(model, "knowledge/cold-items/bias");

      TrainingStep step = new TrainingStep(model, training(Rule.SGD), data);
      engine.call(() -> step.run(batch(data), 0, RATE));

      float[] read = new float[D];
      model.tables().tables().get(1).read(0, 5, 6, read);
      assertThat(read).isEqualTo(items[5]);
      assertThat(TinyModels.values(model, "knowledge/cold-items/bias")).isNotEqualTo(before);
    }
  }

  /** Without a row that reads a vector, the model is the one without cold items. */
  @Test
  void isTheModelWithoutWhereNoShareIsLeft() {
    MemoryData data = MemoryData.of(ROWS.subList(0, 4));
    float[] with = trained(data, new ColdItemsConfig("item", 0, 0, Form.MIX));

    assertThat(with).isEqualTo(trained(data, null));
  }

  private static float[] trained(MemoryData data, ColdItemsConfig cold) {
    TrainingConfig training = training(Rule.ADAM);
    try (TrainableModel model =
        ModelAssembly.assemble(
            engine,
            config(cold),
            training,
            TinyModels.SCORING,
            data,
            cold == null ? null : knowledge())) {
      TrainingStep step = new TrainingStep(model, training, data);
      for (int i = 0; i < 3; i++) {
        long number = i;
        engine.call(() -> step.run(batch(data), number, 0.1));
      }
      float[] items = new float[MemoryData.ITEMS * D];
      model.tables().tables().get(1).read(0, 0, MemoryData.ITEMS, items);
      return items;
    }
  }

  @Test
  void aFieldThatHasNoSuchValuesIsRefused() {
    for (String field : List.of("tags", "number", "nothing")) {
      assertThatThrownBy(
              () ->
                  model(new ColdItemsConfig(field, 5, 0.1, Form.SUM), MemoryData.of(ROWS)).close())
          .isInstanceOf(MsrException.class)
          .hasMessageContaining("[model/COLD_ITEMS] model.coldItems.field is '" + field + "'")
          .hasMessageContaining("[user, item]");
    }
  }

  private static Batch batch(MemoryData data) {
    try (BatchSource source = data.sequential(Split.TRAIN, ROWS.size())) {
      Batch batch = source.newBatch();
      source.next(batch);
      return batch;
    }
  }
}
