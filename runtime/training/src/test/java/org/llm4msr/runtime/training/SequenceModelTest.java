package org.llm4msr.runtime.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.llm4msr.api.model.Activation;
import org.llm4msr.runtime.assembly.ModelAssembly;
import org.llm4msr.runtime.assembly.TrainableModel;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.config.ModelConfig;
import org.llm4msr.runtime.config.OptimizerConfig;
import org.llm4msr.runtime.config.OptimizerConfig.Rule;
import org.llm4msr.runtime.config.TrainingConfig;
import org.llm4msr.runtime.config.past.SequenceConfig;
import org.llm4msr.runtime.config.past.SequenceConfig.Pooling;
import org.llm4msr.runtime.data.prepared.BatchSource;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.engine.TensorEngine;
import org.llm4msr.runtime.tables.EmbeddingTable;
import org.llm4msr.runtime.tables.TableSequence;

/** A step of a model with sequences, against one in float64 whose gradients are differences. */
@Tag("engine")
class SequenceModelTest {

  private static final double RATE = 0.5;
  private static final double SMALL = 1e-5;
  private static final int D = 4;
  private static final int ROWS = 24;

  private static final List<TinySequences.Event> EVENTS = TinySequences.events(200);

  private static TensorEngine engine;

  @BeforeAll
  static void open() {
    engine = TinyModels.engine();
  }

  @AfterAll
  static void close() {
    engine.close();
  }

  /** Some rows are before all events, some users have none. */
  private static List<MemoryData.Row> rows() {
    Random random = new Random(8);
    return IntStream.range(0, ROWS)
        .mapToObj(
            i ->
                new MemoryData.Row(
                        random.nextInt(3),
                        random.nextInt(MemoryData.USERS),
                        random.nextInt(MemoryData.ITEMS / 3),
                        (float) random.nextGaussian(),
                        random.ints(random.nextInt(7), 0, 5).toArray(),
                        random.nextInt(2))
                    .at(i < 2 ? 0 : random.nextInt(EVENTS.size() + 50)))
        .toList();
  }

  /** All that is learned, in float64, by name. */
  private record Values(Map<String, double[]> all) {

    static Values of(TrainableModel model) {
      Map<String, double[]> all = new LinkedHashMap<>();
      for (EmbeddingTable table : tables(model)) {
        float[] values = new float[table.rows() * table.dimension()];
        table.read(0, 0, table.rows(), values);
        all.put(table.name(), doubles(values));
      }
      model
          .parameters()
          .parameters()
          .forEach(
              parameter ->
                  all.put(parameter.name(), doubles(TinyModels.values(model, parameter.name()))));
      return new Values(all);
    }

    private static double[] doubles(float[] values) {
      return IntStream.range(0, values.length).mapToDouble(i -> values[i]).toArray();
    }

    double[] of(String name) {
      return all.get(name);
    }

    double[] row(String table, int row) {
      return Arrays.copyOfRange(of(table), row * D, (row + 1) * D);
    }
  }

  /** logit = x v, and the sum of first-order weights. */
  private static double loss(Values values, Map<String, SequenceConfig> sequences, boolean linear) {
    double loss = 0;
    for (MemoryData.Row row : rows()) {
      List<Integer> tags = Arrays.stream(row.tags()).boxed().toList();
      double[] item = values.row("item", row.item());
      List<double[]> x = new ArrayList<>();
      x.add(values.row("user", row.user()));
      x.add(item);
      x.add(mean(values, "tags", tags));
      x.add(times(values.row("number", 0), row.number()));
      sequences.forEach(
          (name, config) -> {
            boolean ofTags = !config.isOfLog();
            List<Integer> ids =
                ofTags
                    ? newest(tags)
                    : TinySequences.past(
                        EVENTS,
                        row.user(),
                        row.time(),
                        config.events() == SequenceConfig.Events.ALL,
                        TinySequences.LENGTH);
            String shared = ofTags ? "tags" : "item";
            String table = config.ownTable() ? name + " (sequence)" : shared;
            x.add(pooled(values, name, table, ids, config, item));
          });
      double[] v = values.of("backbone/v");
      double logit = linear ? linear(values, row, tags) : 0;
      for (int i = 0; i < v.length; i++) {
        logit += x.get(i / D)[i % D] * v[i];
      }
      loss += Math.log1p(Math.exp(row.label() == 1 ? -logit : logit)) / ROWS;
    }
    return loss;
  }

  private static double linear(Values values, MemoryData.Row row, List<Integer> tags) {
    double ofTags =
        tags.stream().mapToDouble(tag -> values.of("tags (linear)")[tag]).average().orElse(0);
    return values.of("user (linear)")[row.user()]
        + values.of("item (linear)")[row.item()]
        + ofTags
        + values.of("number (linear)")[0] * row.number();
  }

  private static List<Integer> newest(List<Integer> tags) {
    List<Integer> newest = new ArrayList<>();
    if (tags.size() == 1 && tags.get(0) == 0) {
      return newest; // No known value.
    }
    for (int i = tags.size() - 1; i >= 0 && newest.size() < TinySequences.LENGTH; i--) {
      newest.add(tags.get(i));
    }
    return newest;
  }

  private static double[] mean(Values values, String table, List<Integer> ids) {
    double[] mean = new double[D];
    ids.forEach(id -> add(mean, times(values.row(table, id), 1.0 / ids.size())));
    return mean;
  }

  private static double[] times(double[] vector, double factor) {
    return Arrays.stream(vector).map(x -> x * factor).toArray();
  }

  private static void add(double[] sum, double[] more) {
    for (int d = 0; d < sum.length; d++) {
      sum[d] += more[d];
    }
  }

  private static double[] pooled(
      Values values,
      String name,
      String table,
      List<Integer> ids,
      SequenceConfig config,
      double[] target) {
    double[] pooled = new double[D];
    if (ids.isEmpty()) {
      return pooled;
    }
    List<double[]> vectors = ids.stream().map(id -> values.row(table, id)).toList();
    switch (config.pooling()) {
      case MEAN -> vectors.forEach(vector -> add(pooled, times(vector, 1.0 / ids.size())));
      case SUM -> vectors.forEach(vector -> add(pooled, vector));
      case MAX -> {
        for (int d = 0; d < D; d++) {
          int element = d;
          pooled[d] = vectors.stream().mapToDouble(vector -> vector[element]).max().orElseThrow();
        }
      }
      case TARGET_ATTENTION -> {
        double[] weights =
            vectors.stream()
                .mapToDouble(
                    vector ->
                        weight(values, "sequence/" + name, config.activation(), vector, target))
                .toArray();
        if (config.softmax()) {
          double sum = Arrays.stream(weights).map(Math::exp).sum();
          weights = Arrays.stream(weights).map(weight -> Math.exp(weight) / sum).toArray();
        }
        for (int i = 0; i < weights.length; i++) {
          add(pooled, times(vectors.get(i), weights[i]));
        }
      }
    }
    return pooled;
  }

  /** The network of DIN over [e, t, e - t, e * t]. */
  private static double weight(
      Values values, String scope, Activation activation, double[] e, double[] t) {
    double[] x = new double[4 * D];
    for (int d = 0; d < D; d++) {
      x[d] = e[d];
      x[D + d] = t[d];
      x[2 * D + d] = e[d] - t[d];
      x[3 * D + d] = e[d] * t[d];
    }
    for (int layer = 0; layer < 3; layer++) {
      double[] weight = values.of(scope + "/layer." + layer + "/weight");
      double[] h = values.of(scope + "/layer." + layer + "/bias").clone();
      for (int i = 0; i < x.length; i++) {
        for (int j = 0; j < h.length; j++) {
          h[j] += x[i] * weight[i * h.length + j];
        }
      }
      x = layer == 2 ? h : Arrays.stream(h).map(a -> activated(activation, a)).toArray();
    }
    return x[0];
  }

  private static double activated(Activation activation, double a) {
    return switch (activation) {
      case SIGMOID -> 1 / (1 + Math.exp(-a));
      case RELU -> Math.max(a, 0);
      case LEAKY_RELU -> a > 0 ? a : 0.01 * a;
      default -> throw new IllegalArgumentException(activation.name());
    };
  }

  private static List<EmbeddingTable> tables(TrainableModel model) {
    List<EmbeddingTable> tables = new ArrayList<>(model.tables().tables());
    tables.addAll(model.tables().linear());
    model.tables().sequences().stream()
        .map(TableSequence::table)
        .filter(table -> !tables.contains(table))
        .forEach(tables::add);
    return tables;
  }

  /** Numbers of the order of one, so that all differences count. */
  private static void draw(TrainableModel model) {
    Random random = new Random(5);
    for (EmbeddingTable table : tables(model)) {
      float[] values = new float[table.rows() * table.dimension()];
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) random.nextGaussian();
      }
      table.write(0, 0, table.rows(), values);
    }
  }

  private static Map<String, SequenceConfig> sequences(
      Pooling pooling, Activation activation, boolean softmax, boolean own) {
    Map<String, SequenceConfig> sequences = new LinkedHashMap<>();
    sequences.put("all", TinySequences.of(null, pooling, true, softmax, activation));
    sequences.put("chosen", TinySequences.of(null, pooling, false, softmax, activation));
    Pooling ofTags = pooling == Pooling.TARGET_ATTENTION ? Pooling.MAX : pooling;
    sequences.put("last-tags", TinySequences.of("tags", ofTags, false, false));
    if (own) {
      sequences.replaceAll((name, sequence) -> TinySequences.own(sequence));
    }
    return sequences;
  }

  @ParameterizedTest
  @CsvSource({
    "MEAN, NONE, false, false, false",
    "MEAN, NONE, false, true, true",
    "SUM, NONE, false, true, false",
    "MAX, NONE, false, false, false",
    "MAX, NONE, false, true, true",
    "TARGET_ATTENTION, SIGMOID, false, true, false",
    "TARGET_ATTENTION, SIGMOID, true, false, true",
    "TARGET_ATTENTION, LEAKY_RELU, false, false, false",
    "TARGET_ATTENTION, LEAKY_RELU, true, true, true",
    "TARGET_ATTENTION, RELU, false, true, false"
  })
  void aStepFollowsTheGradientOfTheDefinition(
      Pooling pooling, Activation activation, boolean softmax, boolean linear, boolean own) {
    Map<String, SequenceConfig> sequences = sequences(pooling, activation, softmax, own);
    ModelConfig config =
        TinySequences.with(
            TinyModels.model(new TinyModels.Linear(), new TinyModels.Plain()), linear, sequences);
    OptimizerConfig sgd = new OptimizerConfig(Rule.SGD, RATE, 0.9, 0.999, 1e-8, true, 0, 0);
    TrainingConfig training = TinyModels.training(sgd, 1, ROWS);
    MemoryData data = MemoryData.of(rows());
    try (TrainableModel model =
        ModelAssembly.assemble(
            engine,
            config,
            training,
            TinyModels.SCORING,
            data,
            null,
            TinySequences.inputs(EVENTS))) {
      draw(model);
      assertThat(model.shape().layout().width()).isEqualTo(7 * D);
      Values before = Values.of(model);
      ToDoubleFunction<Values> loss = values -> loss(values, sequences, linear);

      TrainingStep step = new TrainingStep(model, training, data);
      TrainingStep.Outcome outcome = engine.call(() -> step.run(batch(data), 0, RATE));

      assertThat((double) outcome.loss()).isCloseTo(loss.applyAsDouble(before), within(1e-5));
      Values after = Values.of(model);
      before
          .all()
          .forEach(
              (name, values) -> {
                for (int i = 0; i < values.length; i++) {
                  double was = values[i];
                  values[i] = was + SMALL;
                  double above = loss.applyAsDouble(before);
                  values[i] = was - SMALL;
                  double below = loss.applyAsDouble(before);
                  values[i] = was;
                  assertThat(after.of(name)[i])
                      .as("%s[%d]", name, i)
                      .isCloseTo(was - RATE * (above - below) / (2 * SMALL), within(2e-5));
                }
              });
    }
  }

  private static Batch batch(MemoryData data) {
    try (BatchSource source = data.sequential(Split.TRAIN, ROWS)) {
      Batch batch = source.newBatch();
      source.next(batch);
      return batch;
    }
  }
}
