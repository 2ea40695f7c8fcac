package org.llm4msr.runtime.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.training.GradientCollector;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.config.LossConfig;
import org.llm4msr.runtime.config.LossConfig.Form;
import org.llm4msr.runtime.config.OptimizerConfig.Rule;
import org.llm4msr.runtime.config.TrainingConfig;
import org.llm4msr.runtime.engine.HostCopy;
import org.llm4msr.runtime.engine.TensorEngine;
import org.llm4msr.runtime.model.TestEngine;
import org.llm4msr.runtime.training.loss.BatchLoss;

/** Losses and their gradients beside the formulas of the papers in float64. */
@Tag("engine")
class BatchLossTest {

  private static final float[] LOGITS = {
    -100, -100, -15, -15, -2, -2, -0.3f, -0.3f, 0, 0, 0.7f, 0.7f, 3, 3, 15, 15, 100, 100
  };

  private static final double STEP = 1e-5;

  private static TensorEngine engine;

  @BeforeAll
  static void open() {
    engine = TinyModels.engine();
  }

  @AfterAll
  static void close() {
    engine.close();
  }

  /** Each logit with both labels, in three scenarios, with weights of 0.25 to 3. */
  private static Batch batch(boolean weights) {
    Batch batch = new Batch(LOGITS.length, List.of());
    batch.size = LOGITS.length;
    batch.weight = weights ? new float[LOGITS.length] : null;
    for (int i = 0; i < LOGITS.length; i++) {
      batch.label[i] = i % 2;
      batch.scenario[i] = i % 3;
      if (batch.weight != null) {
        batch.weight[i] = 0.25f * (1 + i * 5 % 12);
      }
    }
    return batch;
  }

  /** The reference: the loss of the batch, one logit of which is moved. */
  private static double loss(
      LossConfig config, double[] scenarioWeights, Batch batch, int moved, double by) {
    double sum = 0;
    double weights = 0;
    for (int i = 0; i < batch.size; i++) {
      double x = LOGITS[i] + (i == moved ? by : 0);
      double e = config.labelSmoothing();
      double y = batch.label[i] * (1 - e) + e / 2;
      double p = 1 / (1 + Math.exp(-x));
      double q = 1 / (1 + Math.exp(x));
      double entropy = y * Math.log1p(Math.exp(-x)) + (1 - y) * Math.log1p(Math.exp(x));
      double focus = 1;
      if (config.name() == Form.FOCAL) {
        focus = Math.pow(y * q + (1 - y) * p, config.gamma());
      }
      double alpha =
          config.alpha() == null ? 1 : y * config.alpha() + (1 - y) * (1 - config.alpha());
      double weight = batch.weight == null ? 1 : batch.weight[i];
      weights += weight;
      sum += weight * scenarioWeights[batch.scenario[i]] * alpha * focus * entropy;
    }
    return sum / weights;
  }

  private static List<LossConfig> losses() {
    List<LossConfig> losses = new ArrayList<>();
    for (Double alpha : new Double[] {null, 0.25}) {
      for (double smoothing : new double[] {0, 0.1}) {
        losses.add(new LossConfig(Form.CROSS_ENTROPY, 2, alpha, smoothing));
        for (double gamma : new double[] {0, 0.5, 2, 5}) {
          losses.add(new LossConfig(Form.FOCAL, gamma, alpha, smoothing));
        }
      }
    }
    return losses;
  }

  private static BatchLoss loss(LossConfig config, Map<String, Double> scenarioWeights) {
    TrainingConfig training =
        TinyModels.training(
            TinyModels.optimizer(Rule.SGD, 0.1), 1, 3, 0, 0, scenarioWeights, null, config);
    return new BatchLoss(training, MemoryData.of(List.of()).manifest().scenarios());
  }

  @Test
  void areThoseOfTheFormulasInEveryCombination() {
    for (LossConfig config : losses()) {
      for (boolean weights : new boolean[] {false, true}) {
        compare(config, Map.of(), new double[] {1, 1, 1}, batch(weights));
        compare(config, Map.of("s2", 3.0, "s0", 0.5), new double[] {0.5, 1, 3}, batch(weights));
      }
    }
  }

  private static void compare(
      LossConfig config, Map<String, Double> byKey, double[] scenarioWeights, Batch batch) {
    String which = config + " " + byKey + (batch.weight == null ? "" : " with weights");
    float[] gradient = new float[batch.size];
    double value = engine.call(() -> evaluate(loss(config, byKey), batch, gradient));

    double expected = loss(config, scenarioWeights, batch, 0, 0);
    assertThat(value).as(which).isCloseTo(expected, within(2e-6 * (1 + expected)));
    for (int i = 0; i < batch.size; i++) {
      double slope =
          (loss(config, scenarioWeights, batch, i, STEP)
                  - loss(config, scenarioWeights, batch, i, -STEP))
              / (2 * STEP);
      assertThat((double) gradient[i])
          .as("%s: logit %s, label %s", which, LOGITS[i], batch.label[i])
          .isCloseTo(slope, within(1e-6));
    }
  }

  private static double evaluate(BatchLoss loss, Batch batch, float[] gradient) {
    try (NDManager manager = engine.engine().newBaseManager(engine.device())) {
      NDArray logits = manager.create(LOGITS);
      logits.setRequiresGradient(true);
      NDArray value;
      try (GradientCollector collector = engine.engine().newGradientCollector()) {
        value = loss.of(manager, logits, batch);
        collector.backward(value);
      }
      float[] found = HostCopy.of(logits.getGradient());
      System.arraycopy(found, 0, gradient, 0, found.length);
      return HostCopy.of(value)[0];
    }
  }

  /**
   * Small losses are not differences of large numbers: at a logit of 15 the loss is 3.059e-7.
   * MXNet's softplus is 0 there.
   */
  @Test
  void focalLossIsExactWhereItIsSmall() {
    assumeThat(TestEngine.NAME).isEqualTo("PyTorch");
    Batch batch = new Batch(LOGITS.length, List.of());
    batch.size = LOGITS.length;
    for (int i = 0; i < LOGITS.length; i++) {
      batch.label[i] = LOGITS[i] > 0 ? 1 : 0;
      batch.scenario[i] = Math.abs(LOGITS[i]) == 15 ? 1 : 0;
    }
    LossConfig config = new LossConfig(Form.FOCAL, 0.5, null, 0);

    double value =
        engine.call(
            () -> evaluate(loss(config, Map.of("s0", 0.0)), batch, new float[LOGITS.length]));

    double p = 1 / (1 + Math.exp(15));
    double expected = 4 * Math.sqrt(p) * Math.log1p(Math.exp(-15)) / LOGITS.length;
    assertThat(value / expected).isCloseTo(1, within(1e-5));
  }

  /** Equation 4 of the paper at p = 0.9 and gamma = 2: 100 times less than cross-entropy. */
  @Test
  void focalLossCountsWellKnownRowsLess() {
    Batch batch = batch(false);
    batch.size = 1;
    batch.label[0] = 1;
    float[] logit = {(float) Math.log(9)};
    double focal = ofOne(new LossConfig(Form.FOCAL, 2, null, 0), batch, logit);
    double entropy = ofOne(LossConfig.CROSS_ENTROPY, batch, logit);

    assertThat(entropy).isCloseTo(-Math.log(0.9), within(1e-7));
    assertThat(entropy / focal).isCloseTo(100, within(1e-3));
  }

  private static double ofOne(LossConfig config, Batch batch, float[] logit) {
    return engine.call(
        () -> {
          try (NDManager manager = engine.engine().newBaseManager(engine.device())) {
            NDArray value = loss(config, Map.of()).of(manager, manager.create(logit), batch);
            return (double) HostCopy.of(value)[0];
          }
        });
  }
}
