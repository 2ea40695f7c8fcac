package org.llm4msr.runtime.training;

import static org.llm4msr.runtime.training.TrainingListener.Outcome.FAILED;
import static org.llm4msr.runtime.training.TrainingListener.Outcome.FINISHED;
import static org.llm4msr.runtime.training.TrainingListener.Outcome.STOPPED;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.assembly.TrainableModel;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.config.TrainingConfig;
import org.llm4msr.runtime.data.order.TrainingOrder;
import org.llm4msr.runtime.data.prepared.BatchSource;
import org.llm4msr.runtime.data.prepared.PreparedData;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.evaluation.EvaluationResult;
import org.llm4msr.runtime.evaluation.Metrics;
import org.llm4msr.runtime.evaluation.metric.Metric;
import org.llm4msr.runtime.training.TrainingListener.Ending;
import org.llm4msr.runtime.training.TrainingListener.Step;
import org.llm4msr.runtime.training.TrainingListener.Validated;
import org.llm4msr.runtime.training.loss.LossText;
import org.llm4msr.runtime.training.workers.Team;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One call of {@link Trainer#train}: epochs, validations and checkpoints from a state to the end.
 * Belongs to the engine's thread.
 */
final class TrainingRun {

  /** Steps between two lines of {@code metrics.jsonl}. */
  private static final int LOG_EVERY = 50;

  private static final Logger LOG = LoggerFactory.getLogger(TrainingRun.class);

  private final TrainableModel model;
  private final PreparedData data;
  private final TrainingConfig config;
  private final TrainingStep trainingStep;
  private final Metric monitor;
  private final Supplier<EvaluationResult> evaluation;
  private final Duration checkpointEvery;
  private final BooleanSupplier stopRequested;
  private final BooleanSupplier checkpointDue;
  private final @Nullable SpeedCheck speedCheck;
  private final long trainingRows;
  private final boolean validates;
  private final long batchesAnEpoch;
  private final LearningRate learningRate;
  private final long started = System.nanoTime();
  private final Throughput throughput = new Throughput();
  private RunState state;
  private long savedAt = System.nanoTime();
  private boolean stopped;

  /**
   * Makes a run.
   *
   * @param monitor the metric that chooses the best state
   * @param evaluation evaluates the validation part
   * @param state where it begins; model and optimiser are in it
   * @param checkpointEvery time between two checkpoints; zero: none for the time
   * @param speedCheck hears of each step; null: none
   * @param team of which this worker is one; null of one process
   */
  TrainingRun(
      TrainableModel model,
      PreparedData data,
      TrainingConfig config,
      TrainingStep trainingStep,
      Metric monitor,
      Supplier<EvaluationResult> evaluation,
      RunState state,
      Duration checkpointEvery,
      BooleanSupplier stopRequested,
      @Nullable SpeedCheck speedCheck,
      @Nullable Team team) {
    this.model = model;
    this.data = data;
    this.config = config;
    this.trainingStep = trainingStep;
    this.monitor = monitor;
    this.evaluation = evaluation;
    this.state = state;
    this.checkpointEvery = checkpointEvery;
    if (team == null) {
      this.stopRequested = stopRequested;
      checkpointDue = this::isTimeToSave;
    } else {
      this.stopRequested = team::stops;
      checkpointDue = team::takeSave;
      team.stopWith(stopRequested);
      team.saveWith(this::isTimeToSave);
    }
    this.speedCheck = speedCheck;
    this.trainingRows = data.manifest().rows().train();
    this.validates = data.manifest().rows().validation() > 0;
    this.batchesAnEpoch = batchesAnEpoch(data, config);
    this.learningRate =
        new LearningRate(
            config.optimizer().learningRate(), config.schedule(), batchesAnEpoch * config.epochs());
  }

  static long batchesAnEpoch(PreparedData data, TrainingConfig config) {
    long rows = data.manifest().rows().train();
    return (rows + config.batchSize() - 1) / config.batchSize();
  }

  RunState state() {
    return state;
  }

  /**
   * Trains to the end, and tells the listeners what happens and how it ended.
   *
   * @throws MsrException {@code training/STOPPED} if it was asked to stop before
   */
  void toEnd(Listeners listeners) {
    try {
      train(listeners);
    } catch (RuntimeException | Error e) {
      try {
        listeners.ended(new Ending(FAILED, state.step(), e));
      } catch (RuntimeException another) {
        e.addSuppressed(another);
      }
      throw e;
    }
    listeners.ended(new Ending(stopped ? STOPPED : FINISHED, state.step(), null));
    if (stopped) {
      throw new MsrException(
          ErrorType.USER,
          "training/STOPPED",
          "Training stopped at step %d, as requested. Run it again to resume from there."
              .formatted(state.step()),
          null,
          true);
    }
  }

  private void train(Listeners listeners) {
    listeners.tell(listener -> listener.started(state.step(), rowsSoFar()));
    if (!isOver()) {
      model.computeAhead(data, Split.TRAIN);
      model.computeAhead(data, Split.VALIDATION);
    }
    while (!isOver()) {
      epoch(listeners);
    }
    if (validates && !stopped && state.history().isEmpty()) {
      throw new IllegalStateException("training ended without a validation");
    }
  }

  private boolean isOver() {
    return stopped || state.finished() || state.epoch() >= config.epochs();
  }

  private void epoch(Listeners listeners) {
    int epoch = state.epoch();
    TrainingOrder order =
        new TrainingOrder(
            config.batchSize(),
            config.shuffleWindow(),
            config.groupUsers(),
            config.seed(),
            epoch,
            state.batch());
    try (BatchSource source = data.training(order)) {
      Batch batch = source.newBatch();
      while (state.epoch() == epoch && !isOver()) {
        long before = System.nanoTime();
        if (!source.next(batch)) {
          throw tooFewRows();
        }
        step(batch, listeners, before);
        afterStep(epoch, listeners);
      }
    }
  }

  private MsrException tooFewRows() {
    return new MsrException(
        ErrorType.DATA,
        "training/ROWS_MISSING",
        "The training part ended after %d batches of epoch %d, before the %d rows its manifest states. Prepare the data again."
            .formatted(state.batch(), state.epoch(), trainingRows));
  }

  private void step(Batch batch, Listeners listeners, long before) {
    double rate = learningRate.at(state.step());
    TrainingStep.Outcome outcome = trainingStep.run(batch, state.step(), rate);
    long nanos = System.nanoTime() - before;
    throughput.add(batch.size, nanos);
    if (speedCheck != null) {
      speedCheck.stepped(batch, nanos, config.epochs() * trainingRows - rowsSoFar());
    }
    int epoch = state.epoch();
    state = state.stepped(batchesAnEpoch, outcome.loss());
    listeners.tell(l -> l.rowsTrained(rowsSoFar(), config.epochs() * trainingRows));
    if (state.step() % LOG_EVERY == 0) {
      Step step =
          new Step(
              state.step(),
              epoch,
              state.losses().meanSinceLog(),
              outcome.terms(),
              outcome.gradientNorm(),
              rate,
              throughput.sinceMark(),
              WatchedValues.of(model.parameters()));
      listeners.tell(listener -> listener.step(step));
      state = state.logged();
      throughput.setMark();
    }
    if (state.epoch() != epoch) {
      listeners.tell(listener -> listener.epochEnded(epoch));
    }
  }

  /** Returns the rows of all steps, those of earlier calls included. */
  private long rowsSoFar() {
    return state.epoch() * trainingRows + state.batch() * config.batchSize();
  }

  private void afterStep(int epoch, Listeners listeners) {
    boolean last = state.epoch() >= config.epochs();
    boolean due =
        config.validateEvery() > 0
            ? state.step() % config.validateEvery() == 0 || last
            : state.epoch() != epoch;
    if (due || stopRequested.getAsBoolean() || checkpointDue.getAsBoolean()) {
      FiniteModel.require(model, state.step());
      boolean patienceOver = due && validates && validate(epoch, listeners);
      save(last || patienceOver, listeners);
      stopped = stopRequested.getAsBoolean() && !state.finished();
    }
  }

  private boolean isTimeToSave() {
    return !checkpointEvery.isZero() && System.nanoTime() - savedAt >= checkpointEvery.toNanos();
  }

  private void save(boolean finished, Listeners listeners) {
    state = state.saved(finished);
    long step = state.step();
    listeners.tell(listener -> listener.saving(step));
    listeners.tell(listener -> listener.saved(step));
    savedAt = System.nanoTime();
    throughput.setMark();
  }

  /** Returns whether patience ran out. */
  private boolean validate(int epoch, Listeners listeners) {
    EvaluationResult result = evaluation.get();
    Validation validation =
        new Validation(state.step(), epoch, state.losses().meanSinceValidation(), result);
    double value = monitored(result.overall());
    state = state.validated(validation, value, monitor.direction());
    Validated validated =
        new Validated(validation, throughput.ofSteps(), WatchedValues.of(model.parameters()));
    listeners.tell(listener -> listener.validated(validated));
    LOG.info(
        "Step {}: loss {}, validation {} {}",
        state.step(),
        validation.trainingLoss(),
        monitor.title(),
        value);
    return config.patience() > 0 && state.sinceBest() >= config.patience();
  }

  /** Without an AUC, which is monitored by default, the last state is the best. */
  private double monitored(Metrics metrics) {
    double value = metrics.value(monitor.name());
    if (Double.isNaN(value) && !monitor.name().equals(TrainingConfig.AUC)) {
      throw new MsrException(
          ErrorType.USER,
          "training/MONITOR",
          "The metric %s, which training.monitor names, has no value on the validation part: %s. Name another metric, or choose another dataset.split."
              .formatted(
                  monitor.name(),
                  Objects.requireNonNullElse(metrics.missing(monitor.name()), "not defined")));
    }
    return value;
  }

  TrainingResult result() {
    List<Validation> history = state.history();
    @Nullable Validation best =
        history.stream().filter(v -> v.step() == state.bestStep()).findFirst().orElse(null);
    List<List<TrainingResult.Labels>> counted = trainingStep.labels();
    List<String> names = model.labels().names();
    return new TrainingResult(
        state.step(),
        state.best() == null ? state.step() : state.bestStep(),
        best,
        history,
        config.epochs(),
        state.step() < batchesAnEpoch * config.epochs(),
        (System.nanoTime() - started) / 1e9,
        throughput.ofSteps(),
        counted.get(0),
        IntStream.range(0, names.size())
            .mapToObj(l -> new TrainingResult.FurtherLabel(names.get(l), counted.get(l + 1)))
            .toList(),
        LossText.of(config));
  }
}
