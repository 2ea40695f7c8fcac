package org.llm4msr.runtime.training;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.training.GradientCollector;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.model.Decay;
import org.llm4msr.runtime.assembly.BatchInputs;
import org.llm4msr.runtime.assembly.TrainableModel;
import org.llm4msr.runtime.config.TrainingConfig;
import org.llm4msr.runtime.data.prepared.PreparedScenario;
import org.llm4msr.runtime.engine.HostCopy;
import org.llm4msr.runtime.engine.TensorEngine;
import org.llm4msr.runtime.model.DenseParameter;
import org.llm4msr.runtime.model.ParameterArray;
import org.llm4msr.runtime.model.PassContext.LossTerm;
import org.llm4msr.runtime.tables.Batch;
import org.llm4msr.runtime.tables.EmbeddingUpdate;
import org.llm4msr.runtime.tables.UpdateRule;

/**
 * One step of training: forward, backward, update of tables and dense parameters. {@link Trainer}
 * calls it; benchmarks do so directly. Belongs to the engine's thread.
 */
public final class TrainingStep {

  /** Engines collect gradients of one model of a process at a time, and have one random seed. */
  private static final Object PASS = new Object();

  private final TrainableModel model;
  private final long seed;
  private final EmbeddingUpdate tables;
  private final UpdateRule rowRule;
  private final DenseOptimizer optimizer;
  private final List<ParameterArray> parameters;
  private final float @Nullable [] scenarioWeights;

  /** Null where the rows of a user lie together. */
  private final @Nullable ScenarioOrder order;

  private final StepTimes times = new StepTimes();
  private final BatchInputs labels = new BatchInputs();
  private final BatchInputs weights = new BatchInputs();

  /**
   * Makes the optimisers of a model, with fresh state, and sets its engine to share work among
   * threads in the way that is fastest for steps.
   */
  public TrainingStep(
      TrainableModel model, TrainingConfig config, List<PreparedScenario> scenarios) {
    this.model = model;
    this.seed = config.seed();
    this.tables = new EmbeddingUpdate(model.tables(), model.workers());
    this.rowRule = UpdateRule.rows(config.optimizer());
    this.parameters = List.copyOf(model.parameters().arrays());
    this.optimizer =
        new DenseOptimizer(
            slots(model.parameters().parameters(), config.metaLearningRateFactor()),
            UpdateRule.dense(config.optimizer()),
            config.clipNorm(),
            model.workers());
    this.scenarioWeights = weights(config.scenarioWeights(), scenarios);
    order = config.groupUsers() == 1 ? new ScenarioOrder(scenarios.size()) : null;
    model.engine().shareForTraining();
  }

  private static List<DenseOptimizer.Slot> slots(
      Collection<DenseParameter> parameters, double metaFactor) {
    List<DenseOptimizer.Slot> slots = new ArrayList<>();
    for (DenseParameter parameter : parameters) {
      slots.add(
          new DenseOptimizer.Slot(
              parameter.name(),
              parameter.values(),
              parameter.decay() == Decay.YES,
              parameter.scope().startsWith("meta/") ? metaFactor : 1));
    }
    return slots;
  }

  private static float @Nullable [] weights(
      Map<String, Double> byKey, List<PreparedScenario> scenarios) {
    List<String> keys = scenarios.stream().map(PreparedScenario::key).toList();
    for (String key : byKey.keySet()) {
      if (!keys.contains(key)) {
        throw new MsrException(
            ErrorType.USER,
            "training/UNKNOWN_SCENARIO",
            "training.scenarioWeights names the scenario '%s', which the data does not have. Its scenarios are %s."
                .formatted(key, keys));
      }
    }
    if (byKey.values().stream().allMatch(weight -> weight == 1)) {
      return null;
    }
    float[] weights = new float[keys.size()];
    for (int s = 0; s < weights.length; s++) {
      weights[s] = byKey.getOrDefault(keys.get(s), 1.0).floatValue();
    }
    return weights;
  }

  DenseOptimizer optimizer() {
    return optimizer;
  }

  /** Returns where the time of the steps went so far. */
  public StepTimes times() {
    return times;
  }

  /**
   * The result of a step.
   *
   * @param loss the whole loss
   * @param terms what models added to it, by name
   * @param gradientNorm of the dense gradients, NaN unless they are clipped
   */
  public record Outcome(float loss, Map<String, Float> terms, double gradientNorm) {}

  /**
   * Trains on a batch.
   *
   * @param step from 0
   */
  public Outcome run(Batch batch, long step, double learningRate) {
    return run(batch, step, learningRate, true);
  }

  /** Trains dense parameters alone: the tables stay as they are. */
  void runWithoutTables(Batch batch, long step, double learningRate) {
    run(batch, step, learningRate, false);
  }

  private Outcome run(Batch batch, long step, double learningRate, boolean withTables) {
    times.start();
    return runInOrder(order == null ? batch : order.of(batch), step, learningRate, withTables);
  }

  private Outcome runInOrder(Batch batch, long step, double learningRate, boolean withTables) {
    TensorEngine engine = model.engine();
    Outcome outcome;
    try (NDManager manager = model.manager().newSubManager();
        NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      TrainableModel.Forward forward;
      NDArray loss;
      synchronized (PASS) {
        engine.seed(seed * 0x9E3779B97F4A7C15L + step);
        try (GradientCollector collector = engine.engine().newGradientCollector()) {
          forward = model.forward(manager, batch, true, step);
          loss = loss(manager, forward, batch);
          times.end(StepTimes.Part.FORWARD);
          forward.tape().backward(collector, loss);
        }
      }
      float value = finite(HostCopy.of(loss)[0], step, learningRate);
      times.end(StepTimes.Part.BACKWARD);
      if (withTables) {
        updateTables(forward, batch, step, learningRate);
      }
      times.end(StepTimes.Part.TABLES);
      double norm = updateDense(step, learningRate);
      times.end(StepTimes.Part.DENSE);
      outcome = new Outcome(value, terms(forward), norm);
    }
    // Outside the scope, which would close the new arrays.
    model.parameters().push();
    times.end(StepTimes.Part.CLEANUP);
    times.stepDone();
    return outcome;
  }

  /** Binary cross-entropy of logits x, softplus(x) - x y, weighted and averaged over the batch. */
  private NDArray loss(NDManager manager, TrainableModel.Forward forward, Batch batch) {
    int rows = batch.size;
    labels.floats(rows).put(0, batch.label, 0, rows);
    NDArray y = labels.array(manager, new Shape(rows));
    NDArray x = forward.logits().reshape(new Shape(rows));
    NDArray perRow = Activation.softPlus(x).sub(x.mul(y));
    if (scenarioWeights != null) {
      FloatBuffer target = weights.floats(rows);
      for (int i = 0; i < rows; i++) {
        target.put(i, scenarioWeights[batch.scenario[i]]);
      }
      perRow = perRow.mul(weights.array(manager, new Shape(rows)));
    }
    NDArray loss = perRow.mean();
    for (LossTerm term : forward.pass().losses()) {
      loss = loss.add(term.value().reshape(loss.getShape()));
    }
    return loss;
  }

  private static Map<String, Float> terms(TrainableModel.Forward forward) {
    Map<String, Float> terms = new TreeMap<>();
    for (LossTerm term : forward.pass().losses()) {
      terms.merge(term.name(), HostCopy.of(term.value())[0], Float::sum);
    }
    return terms;
  }

  private static float finite(float loss, long step, double learningRate) {
    if (Float.isFinite(loss)) {
      return loss;
    }
    if (step == 0) {
      throw new MsrException(
          ErrorType.USER,
          "training/NOT_FINITE",
          "The loss is %s before anything was learned. Look for outliers in the data, or report it to the author of the backbone or head where that is not built in."
              .formatted(loss));
    }
    throw new MsrException(
        ErrorType.USER,
        "training/NOT_FINITE",
        "The loss became %s at step %d with learning rate %s. Lower training.optimizer.learningRate, set training.clipNorm, or warm up longer; the last checkpoint is from before."
            .formatted(loss, step, learningRate));
  }

  private void updateTables(
      TrainableModel.Forward forward, Batch batch, long step, double learningRate) {
    try (NDArray gradient = forward.tape().gradient(forward.flat())) {
      FloatBuffer values = model.engine().read(gradient);
      tables.run(batch, values, rowRule, step + 1, learningRate);
    }
  }

  private double updateDense(long step, double learningRate) {
    List<NDArray> gradients = new ArrayList<>(parameters.size());
    List<FloatBuffer> values = new ArrayList<>(optimizer.slots().size());
    try {
      for (ParameterArray array : parameters) {
        int size = array.parts().get(0).size();
        for (NDArray gradient : array.gradients()) {
          gradients.add(gradient);
          FloatBuffer parts = model.engine().read(gradient);
          for (int from = 0; from < parts.limit(); from += size) {
            values.add(parts.slice(from, size));
          }
        }
      }
      return optimizer.update(values, step + 1, learningRate);
    } finally {
      gradients.forEach(NDArray::close);
    }
  }
}
