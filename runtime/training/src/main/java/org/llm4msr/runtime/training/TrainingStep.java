package org.llm4msr.runtime.training;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.model.Decay;
import org.llm4msr.runtime.assembly.TrainableModel;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.batch.FieldValues;
import org.llm4msr.runtime.config.TrainingConfig;
import org.llm4msr.runtime.data.prepared.PreparedData;
import org.llm4msr.runtime.data.prepared.PreparedScenario;
import org.llm4msr.runtime.engine.HostCopy;
import org.llm4msr.runtime.engine.TensorEngine;
import org.llm4msr.runtime.model.DenseParameter;
import org.llm4msr.runtime.model.ParameterArray;
import org.llm4msr.runtime.model.PassContext.LossTerm;
import org.llm4msr.runtime.tables.EmbeddingUpdate;
import org.llm4msr.runtime.tables.UpdateRule;
import org.llm4msr.runtime.training.loss.BatchLoss;
import org.llm4msr.runtime.training.loss.LabelLosses;
import org.llm4msr.runtime.training.loss.LossShares;
import org.llm4msr.runtime.training.workers.Joint;
import org.llm4msr.runtime.training.workers.Team;

/**
 * One step of training: forward, backward, update of tables and dense parameters. {@link Trainer}
 * calls it; benchmarks do so directly. Belongs to the engine's thread.
 */
public final class TrainingStep {

  /** Engines collect gradients of one model of a process at a time, and have one random seed. */
  private static final Object PASS = new Object();

  /** Of a step whose rows all have the weight 0: it changes nothing. */
  private static final Outcome NOTHING = new Outcome(0, Map.of(), Double.NaN);

  private final TrainableModel model;
  private final long seed;
  private final EmbeddingUpdate tables;
  private final UpdateRule rowRule;
  private final DenseOptimizer optimizer;
  private final List<ParameterArray> parameters;

  /** The place of the first part of each of them among the optimiser's slots. */
  private final int[] firstSlots;

  private final TrainingConfig config;
  private final PreparedData data;
  private final BatchLoss batchLoss;
  private final LabelLosses labelLosses;
  private final SampleWeights weights;
  private final StepRows rows;
  private final StepTimes times = new StepTimes();
  private @Nullable Team team;

  /**
   * Makes the optimisers of a model, with fresh state, and sets its engine to share work among
   * threads in the way that is fastest for steps.
   *
   * @param data whose training rows the batches are of
   */
  public TrainingStep(TrainableModel model, TrainingConfig config, PreparedData data) {
    List<PreparedScenario> scenarios = data.manifest().scenarios();
    this.model = model;
    this.config = config;
    this.data = data;
    this.seed = config.seed();
    this.tables = new EmbeddingUpdate(model.tables(), model.workers());
    this.rowRule = UpdateRule.rows(config.optimizer());
    this.parameters = List.copyOf(model.parameters().arrays());
    firstSlots = new int[parameters.size()];
    for (int i = 1; i < firstSlots.length; i++) {
      firstSlots[i] = firstSlots[i - 1] + parameters.get(i - 1).parts().size();
    }
    this.optimizer =
        new DenseOptimizer(
            slots(model.parameters().parameters(), config.metaLearningRateFactor()),
            UpdateRule.dense(config.optimizer()),
            config.clipNorm(),
            model.workers());
    batchLoss = new BatchLoss(config, scenarios);
    labelLosses = new LabelLosses(model.labels(), config, scenarios);
    weights = new SampleWeights(config, data);
    // The rows of a user are to lie together otherwise.
    rows = new StepRows(scenarios.size(), config.groupUsers() == 1);
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
              parameter.scope().startsWith("meta/") ? metaFactor : 1,
              parameter::changed));
    }
    return slots;
  }

  /** Counts the labels of the training part, the main one first; reads it once. */
  List<List<TrainingResult.Labels>> labels() {
    return weights.labels(batchLoss, model.labels());
  }

  /** Makes steps of another model with the same settings and data. */
  TrainingStep of(TrainableModel other) {
    return new TrainingStep(other, config, data);
  }

  /** Makes each step one of several workers, which have a part of the batch each. */
  public void workIn(Team workers) {
    workers.requireSmall(model);
    tables.shareWith(workers.exchange());
    workers.share(model.tables().parts());
    team = workers;
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
    Batch all = rows.of(batch, weights.of(batch));
    if (all.size == 0) {
      return NOTHING;
    }
    Team workers = team;
    if (workers == null) {
      return runInOrder(all, null, step, learningRate, withTables);
    }
    Batch own = workers.rowsOf(all);
    LossShares shares = workers.shares(own, all, model.labels());
    Outcome outcome = runInOrder(own, shares, step, learningRate, withTables);
    workers.check(model, step);
    return outcome;
  }

  private Outcome runInOrder(
      Batch batch,
      @Nullable LossShares shares,
      long step,
      double learningRate,
      boolean withTables) {
    Outcome outcome;
    try {
      outcome = runPass(batch, shares, step, learningRate, withTables);
      // Outside the scope of the pass, which would close the new arrays.
      model.parameters().endStep();
      times.end(StepTimes.Part.CLEANUP);
    } finally {
      // Other threads moved, while arrays were closed, what begun parameters share with the engine.
      optimizer.finish();
    }
    times.end(StepTimes.Part.DENSE);
    times.stepDone();
    return outcome;
  }

  private Outcome runPass(
      Batch batch,
      @Nullable LossShares shares,
      long step,
      double learningRate,
      boolean withTables) {
    TensorEngine engine = model.engine();
    List<FieldValues> fields = model.values(batch);
    try (NDManager manager = model.manager().newSubManager();
        NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      TrainableModel.Forward forward;
      LossValue loss;
      synchronized (PASS) {
        engine.seed(seed * 0x9E3779B97F4A7C15L + step + ofWorker(batch));
        try (GradientCollector collector = engine.engine().newGradientCollector()) {
          forward = model.forward(manager, batch, fields, true, step);
          if (withTables) {
            tables.prepare(batch.size, fields, rowRule);
          }
          loss = new LossValue(loss(manager, forward, batch, shares));
          times.end(StepTimes.Part.FORWARD);
          forward
              .tape()
              .backward(collector, loss.array, array -> begin(array, loss, step, learningRate));
        }
      }
      float own = loss.get();
      times.end(StepTimes.Part.BACKWARD);
      Joint joint = team == null ? null : join(team, forward, own);
      float value = finite(joint == null ? own : joint.loss(), step, learningRate);
      if (withTables) {
        updateTables(forward, batch, step, learningRate);
      }
      times.end(StepTimes.Part.TABLES);
      double norm =
          joint == null
              ? withGradients(each -> optimizer.update(each, step + 1, learningRate))
              : optimizer.update(joint.gradients(), step + 1, learningRate);
      times.end(StepTimes.Part.DENSE);
      return new Outcome(value, joint == null ? terms(forward) : joint.terms(), norm);
    }
  }

  /** A loss that is read from the engine once, when it is first asked for. */
  private static final class LossValue {

    private final NDArray array;
    private @Nullable Float value;

    LossValue(NDArray array) {
      this.array = array;
    }

    float get() {
      if (value == null) {
        value = HostCopy.of(array)[0];
      }
      return value;
    }
  }

  /** Other workers draw other numbers. */
  private static long ofWorker(Batch batch) {
    return batch.share == null ? 0 : batch.share.exchange().rank() * 0xBF58476D1CE4E5B9L;
  }

  /** Begins to move a parameter whose gradient is complete, in pauses of the backward pass. */
  private void begin(ParameterArray array, LossValue loss, long step, double learningRate) {
    int size = array.parts().get(0).size();
    if (team != null || !optimizer.mayBegin(size) || !Float.isFinite(loss.get())) {
      return;
    }
    FloatBuffer gradient = array.writtenGradient();
    int slot = firstSlots[parameters.indexOf(array)];
    for (int from = 0; from < gradient.limit(); from += size) {
      optimizer.begin(slot++, gradient.slice(from, size), step + 1, learningRate);
    }
  }

  private Joint join(Team workers, TrainableModel.Forward forward, float loss) {
    Map<String, Float> terms = terms(forward);
    return withGradients(each -> workers.join(each, loss, terms, model.labels()));
  }

  private NDArray loss(
      NDManager manager, TrainableModel.Forward forward, Batch batch, @Nullable LossShares shares) {
    NDArray loss = batchLoss.of(manager, forward.logits().reshape(new Shape(batch.size)), batch);
    if (shares != null) {
      loss = loss.mul(manager.create((float) shares.main()));
    }
    labelLosses.add(manager, forward, batch, shares);
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
      tables.run(batch.size, forward.fields(), values, rowRule, step + 1, learningRate);
    }
  }

  /** Does something with the gradients of the dense parameters, one a parameter. */
  private <T> T withGradients(Function<List<FloatBuffer>, T> use) {
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
      return use.apply(values);
    } finally {
      gradients.forEach(NDArray::close);
    }
  }
}
