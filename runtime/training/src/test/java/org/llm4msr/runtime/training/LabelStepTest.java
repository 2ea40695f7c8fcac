package org.llm4msr.runtime.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.internal.Records;
import org.llm4msr.runtime.assembly.ModelAssembly;
import org.llm4msr.runtime.assembly.Predictions;
import org.llm4msr.runtime.assembly.TrainableModel;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.config.ModelConfig;
import org.llm4msr.runtime.config.OptimizerConfig;
import org.llm4msr.runtime.config.OptimizerConfig.Rule;
import org.llm4msr.runtime.config.TrainingConfig;
import org.llm4msr.runtime.config.labels.LabelConfig;
import org.llm4msr.runtime.data.prepared.BatchSource;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.engine.TensorEngine;
import org.llm4msr.runtime.model.DenseParameter;

/** Steps on several labels beside a reference in float64, whose gradients are differences. */
@Tag("engine")
class LabelStepTest {

  private static final int D = 4;
  private static final double RATE = 0.5;
  private static final float UNKNOWN = Float.NaN;
  private static final List<String> NAMES = List.of("like", "unused", "cart", "buy");

  private static final List<MemoryData.Row> ROWS =
      List.of(
          new MemoryData.Row(0, 3, 5, 0.5f, new int[] {1, 2}, 1).weighing(2),
          new MemoryData.Row(2, 3, 6, -2, new int[] {}, 0),
          new MemoryData.Row(2, 7, 5, 1, new int[] {2, 2, 4}, 1).weighing(0.5f),
          new MemoryData.Row(1, 8, 9, 0.3f, new int[] {3}, 0));

  /** By row, in the order of the names; one row knows no like, another none but a like. */
  private static final List<float[]> LABELS =
      List.of(
          new float[] {1, UNKNOWN, 1, 1},
          new float[] {UNKNOWN, UNKNOWN, 0, 0},
          new float[] {0, 1, 1, 0},
          new float[] {1, 0, UNKNOWN, UNKNOWN});

  private static final double[] SCENARIO_WEIGHTS = {1, 1, 3};

  private static TensorEngine engine;

  @BeforeAll
  static void open() {
    engine = TinyModels.engine();
  }

  @AfterAll
  static void close() {
    engine.close();
  }

  private static MemoryData data() {
    return MemoryData.of(ROWS).labelled(NAMES, row -> LABELS.get(ROWS.indexOf(row)));
  }

  /** The purchase comes after the cart, which comes after the main label. */
  private static Map<String, LabelConfig> labels() {
    Map<String, LabelConfig> labels = new LinkedHashMap<>();
    labels.put("buy", new LabelConfig(0.75, "cart", List.of()));
    labels.put("like", new LabelConfig(0.5, null, List.of()));
    labels.put("cart", new LabelConfig(1, "label", List.of()));
    return labels;
  }

  private static ModelConfig config(ModelConfig plain, Map<String, LabelConfig> labels) {
    return Records.with(plain, "labels", labels);
  }

  private static TrainingConfig training() {
    OptimizerConfig sgd = new OptimizerConfig(Rule.SGD, RATE, 0.9, 0.999, 1e-8, true, 0, 0);
    return TinyModels.training(sgd, 1, ROWS.size(), 0, 0, Map.of("s2", 3.0));
  }

  private static TrainableModel linear(MemoryData data, Map<String, LabelConfig> labels) {
    ModelConfig plain = TinyModels.model(new TinyModels.Linear(), new TinyModels.Plain());
    return ModelAssembly.assemble(
        engine, config(plain, labels), training(), TinyModels.SCORING, data, null);
  }

  /** All numbers of the model, by name and place: what the reference reads. */
  private static Map<String, Double> numbers(TrainableModel model) {
    Map<String, Double> numbers = new HashMap<>();
    for (DenseParameter parameter : model.parameters().parameters()) {
      float[] values = TinyModels.values(model, parameter.name());
      for (int i = 0; i < values.length; i++) {
        numbers.put(parameter.name() + " " + i, (double) values[i]);
      }
    }
    for (int table = 0; table < 4; table++) {
      int rows = model.tables().tables().get(table).rows();
      float[] values = new float[rows * D];
      model.tables().tables().get(table).read(0, 0, rows, values);
      for (int i = 0; i < values.length; i++) {
        numbers.put(table + " " + i, (double) values[i]);
      }
    }
    return numbers;
  }

  private static double[] embedded(ToDoubleFunction<String> number, MemoryData.Row row) {
    double[] x = new double[4 * D];
    for (int d = 0; d < D; d++) {
      x[d] = number.applyAsDouble("0 " + (row.user() * D + d));
      x[D + d] = number.applyAsDouble("1 " + (row.item() * D + d));
      for (int tag : row.tags()) {
        x[2 * D + d] += number.applyAsDouble("2 " + (tag * D + d)) / row.tags().length;
      }
      x[3 * D + d] = row.number() * number.applyAsDouble("3 " + d);
    }
    return x;
  }

  private static double tower(
      ToDoubleFunction<String> number, String label, MemoryData.Row row, double[] x) {
    String name = "labels/%s/tower.%d/logit/".formatted(label, row.scenario());
    double logit = number.applyAsDouble(name + "bias 0");
    for (int j = 0; j < x.length; j++) {
      logit += x[j] * number.applyAsDouble(name + "weight " + j);
    }
    return 1 / (1 + Math.exp(-logit));
  }

  /** The probabilities of the main label, like, cart and buy: equation 1 of the paper, twice. */
  private static double[] probabilities(ToDoubleFunction<String> number, MemoryData.Row row) {
    double[] x = embedded(number, row);
    double main = 0;
    for (int j = 0; j < x.length; j++) {
      main += x[j] * number.applyAsDouble("backbone/v " + j);
    }
    double click = 1 / (1 + Math.exp(-main));
    double cart = click * tower(number, "cart", row, x);
    return new double[] {
      click, tower(number, "like", row, x), cart, cart * tower(number, "buy", row, x)
    };
  }

  /** Each label's mean by weight over the rows that know it, times the label's weight. */
  private static double loss(ToDoubleFunction<String> number) {
    double[] factors = {1, 0.5, 1, 0.75};
    double all = 0;
    for (int label = 0; label < factors.length; label++) {
      double sum = 0;
      double weights = 0;
      for (int i = 0; i < ROWS.size(); i++) {
        MemoryData.Row row = ROWS.get(i);
        double y = label == 0 ? row.label() : LABELS.get(i)[label == 1 ? 0 : label];
        if (!Double.isNaN(y)) {
          double p = probabilities(number, row)[label];
          sum -= row.weight() * SCENARIO_WEIGHTS[row.scenario()] * Math.log(y == 1 ? p : 1 - p);
          weights += row.weight();
        }
      }
      all += factors[label] * sum / weights;
    }
    return all;
  }

  private static Batch batch(MemoryData data) {
    try (BatchSource source = data.sequential(Split.TRAIN, ROWS.size())) {
      Batch batch = source.newBatch();
      source.next(batch);
      return batch;
    }
  }

  @Test
  void movesAllByTheGradientOfTheSumOfTheLosses() {
    MemoryData data = data();
    try (TrainableModel model = linear(data, labels())) {
      scaleTables(model);
      Map<String, Double> before = numbers(model);

      TrainingStep step = new TrainingStep(model, training(), data);
      TrainingStep.Outcome outcome = engine.call(() -> step.run(batch(data), 0, RATE));

      assertThat((double) outcome.loss()).isCloseTo(loss(before::get), within(1e-5));
      assertThat(outcome.terms()).containsOnlyKeys("label/like", "label/cart", "label/buy");
      Map<String, Double> after = numbers(model);
      int moved = 0;
      for (String name : before.keySet()) {
        double slope = (loss(with(before, name, 1e-5)) - loss(with(before, name, -1e-5))) / 2e-5;
        assertThat(after.get(name))
            .as(name)
            .isCloseTo(before.get(name) - RATE * slope, within(1e-5));
        moved += Math.abs(slope) > 1e-4 ? 1 : 0;
      }
      assertThat(moved).isGreaterThan(150);
    }
  }

  private static ToDoubleFunction<String> with(
      Map<String, Double> numbers, String moved, double by) {
    return name -> numbers.get(name) + (name.equals(moved) ? by : 0);
  }

  /** The initial vectors are near zero, where no gradient of a weight is. */
  private static void scaleTables(TrainableModel model) {
    engine.call(
        () -> {
          model
              .tables()
              .tables()
              .forEach(
                  table -> {
                    float[] values = new float[table.rows() * D];
                    table.read(0, 0, table.rows(), values);
                    for (int i = 0; i < values.length; i++) {
                      values[i] *= 1e4f;
                    }
                    table.write(0, 0, table.rows(), values);
                  });
          return 0;
        });
  }

  @Test
  void predictsTheProbabilitiesOfTheReference() {
    MemoryData data = data();
    try (TrainableModel model = linear(data, labels())) {
      scaleTables(model);
      Map<String, Double> numbers = numbers(model);
      assertThat(model.labels().names()).containsExactly("like", "cart", "buy");
      List<Float> plain = new ArrayList<>();
      Predictions.forEach(
          model, data, Split.TRAIN, 2, (batch, logits) -> plain.addAll(first(batch, logits)));
      List<Float> main = new ArrayList<>();
      List<List<Float>> further = List.of(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());

      Predictions.forEachLabel(
          model,
          data,
          Split.TRAIN,
          2,
          (batch, logits, labels) -> {
            main.addAll(first(batch, logits));
            for (int l = 0; l < labels.length; l++) {
              further.get(l).addAll(first(batch, labels[l]));
            }
          });

      assertThat(main).isEqualTo(plain);
      for (int i = 0; i < ROWS.size(); i++) {
        double[] expected = probabilities(numbers::get, ROWS.get(i));
        assertThat(1 / (1 + Math.exp(-main.get(i)))).isCloseTo(expected[0], within(1e-6));
        for (int l = 0; l < 3; l++) {
          assertThat(1 / (1 + Math.exp(-further.get(l).get(i))))
              .isCloseTo(expected[1 + l], within(1e-6));
        }
      }
    }
  }

  private static List<Float> first(Batch batch, float[] values) {
    List<Float> first = new ArrayList<>();
    for (int i = 0; i < batch.size; i++) {
      first.add(values[i]);
    }
    return first;
  }

  /** Further labels draw nothing that the main one reads, and have no part in its logits. */
  @Test
  void aModelOfOneLabelTrainsTheSameBitsWhateverTheDataHas() {
    MemoryData plain = MemoryData.of(300, 10, 0.9);
    MemoryData labelled = plain.labelled(List.of("like"), row -> new float[] {row.label()});

    assertThat(trained(labelled, Map.of())).isEqualTo(trained(plain, Map.of()));
  }

  /** A label that no row knows adds no loss, so that all but its own towers are the same bits. */
  @Test
  void labelsThatAreNotKnownCountNothing() {
    MemoryData plain = MemoryData.of(300, 10, 0.9);
    MemoryData unknown = plain.labelled(List.of("like"), row -> new float[] {UNKNOWN});
    Map<String, LabelConfig> like = Map.of("like", new LabelConfig(5, "label", List.of(3)));

    assertThat(trained(unknown, like)).isEqualTo(trained(plain, Map.of()));
  }

  /** Returns the weights of the backbone. */
  private static float[] trained(MemoryData data, Map<String, LabelConfig> labels) {
    ModelConfig plain = TinyModels.model(new TinyModels.Towers(true), new TinyModels.Plain());
    TrainingConfig config =
        TinyModels.training(TinyModels.optimizer(Rule.ADAM, 0.01), 1, 50, 0, 0, Map.of());
    try (TrainableModel model =
        ModelAssembly.assemble(
            engine, config(plain, labels), config, TinyModels.SCORING, data, null)) {
      TrainingStep step = new TrainingStep(model, config, data);
      engine.call(
          () -> {
            try (BatchSource source = data.sequential(Split.TRAIN, 50)) {
              Batch batch = source.newBatch();
              for (int i = 0; source.next(batch); i++) {
                step.run(batch, i, 0.01);
              }
            }
            return 0;
          });
      return TinyModels.values(model, "backbone/weight");
    }
  }

  /** Towers over the hidden state move the layers below it. */
  @Test
  void towersOverTheHiddenStateTrainWhatTheLabelsShare() {
    MemoryData data =
        MemoryData.of(300, 10, 0.9).labelled(List.of("like"), row -> new float[] {1 - row.label()});
    Map<String, LabelConfig> like = Map.of("like", new LabelConfig(1, null, List.of(8)));

    assertThat(trained(data, like)).isNotEqualTo(trained(data, Map.of()));
    ModelConfig plain = TinyModels.model(new TinyModels.Towers(true), new TinyModels.Plain());
    try (TrainableModel model =
        ModelAssembly.assemble(
            engine, config(plain, like), training(), TinyModels.SCORING, data, null)) {
      assertThat(TinyModels.values(model, "labels/like/tower.0/layer.0/weight")).hasSize(16 * 8);
    }
  }

  @Test
  void namesLabelsThatAreNotThere() {
    assertRefused(
        Map.of("share", new LabelConfig(1, null, List.of())),
        "model/UNKNOWN_LABEL",
        "There is no label for model.labels.share: the data has the further labels [like, unused, cart, buy]. One of a file that is extended goes by `share: ~`.");
    assertRefused(
        Map.of("buy", new LabelConfig(1, "cart", List.of())),
        "model/UNKNOWN_LABEL",
        "There is no label for model.labels.buy.after: cart: the model learns label, the main one, and [buy].");
    Map<String, LabelConfig> circle = new HashMap<>();
    circle.put("cart", new LabelConfig(1, "buy", List.of()));
    circle.put("buy", new LabelConfig(1, "cart", List.of()));
    assertRefused(
        circle,
        "model/LABEL_CYCLE",
        "Labels of model.labels come after themselves: [cart, buy]. Change after of one of them.");
  }

  private static void assertRefused(Map<String, LabelConfig> labels, String code, String text) {
    assertThatThrownBy(() -> linear(data(), labels))
        .isInstanceOfSatisfying(
            MsrException.class,
            e -> {
              assertThat(e.code()).isEqualTo(code);
              assertThat(e.text()).isEqualTo(text);
            });
  }

  @Test
  void theIdentityNamesLabelsAndTheirSettings() {
    MemoryData data = data();
    String without = identity(data, Map.of());
    String with = identity(data, Map.of("like", new LabelConfig(0.5, null, List.of(4))));

    assertThat(without).doesNotContain("labels");
    assertThat(with).startsWith(without + "|labels {like=").contains("weight=0.5");
  }

  private static String identity(MemoryData data, Map<String, LabelConfig> labels) {
    try (TrainableModel model = linear(data, labels)) {
      return model.identity();
    }
  }
}
