package org.llm4msr.runtime.training;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.assembly.TrainableModel;
import org.llm4msr.runtime.config.TrainingConfig;
import org.llm4msr.runtime.data.prepared.BatchSource;
import org.llm4msr.runtime.data.prepared.PreparedData;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.data.prepared.TrainingOrder;
import org.llm4msr.runtime.evaluation.EvaluationResult;
import org.llm4msr.runtime.tables.Batch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Trains a model: epochs, validation, early stopping on the overall validation AUC, checkpoints. A
 * run that was stopped or killed resumes from its last checkpoint, with the result that it would
 * have had anyway; the same seed gives the same numbers bit for bit at one thread count and on one
 * device.
 */
public final class Trainer {

  /** Steps between two lines of {@code metrics.jsonl}. */
  private static final int LOG_EVERY = 50;

  private static final Logger LOG = LoggerFactory.getLogger(Trainer.class);

  private final TrainableModel model;
  private final PreparedData data;
  private final TrainingConfig config;
  private final Path runFolder;
  private final Checkpoints checkpoints;
  private final TrainingStep trainingStep;
  private final String startedFrom;
  private final long trainingRows;
  private final long batchesAnEpoch;
  private final LearningRate learningRate;
  private final boolean validates;
  private final Duration checkpointEvery;
  private @Nullable Path eventFolder;
  private volatile boolean stopRequested;

  /** Makes a trainer that writes checkpoints only when it validates or is asked to stop. */
  public Trainer(TrainableModel model, PreparedData data, TrainingConfig config, Path runFolder) {
    this(model, data, config, runFolder, Duration.ZERO);
  }

  /**
   * Makes a trainer.
   *
   * @param runFolder gets {@code metrics.jsonl} and {@code checkpoints}
   * @param checkpointEvery time between two checkpoints; zero: only when it validates or is asked
   *     to stop. It decides how much a killed run loses, and does not change the result
   */
  public Trainer(
      TrainableModel model,
      PreparedData data,
      TrainingConfig config,
      Path runFolder,
      Duration checkpointEvery) {
    this(model, data, config, runFolder, checkpointEvery, "");
  }

  /**
   * Makes a trainer of a model that may have begun with the values of another model.
   *
   * @param startedFrom identifies that model; empty if the values were drawn
   */
  public Trainer(
      TrainableModel model,
      PreparedData data,
      TrainingConfig config,
      Path runFolder,
      Duration checkpointEvery,
      String startedFrom) {
    this.startedFrom = startedFrom;
    this.model = model;
    this.data = data;
    this.config = config;
    this.runFolder = runFolder;
    this.checkpointEvery = checkpointEvery;
    this.checkpoints = new Checkpoints(runFolder.resolve("checkpoints"));
    this.trainingStep = new TrainingStep(model, config, data.manifest().scenarios());
    this.trainingRows = data.manifest().rows().train();
    this.validates = data.manifest().rows().validation() > 0;
    this.batchesAnEpoch = (trainingRows + config.batchSize() - 1) / config.batchSize();
    this.learningRate =
        new LearningRate(
            config.optimizer().learningRate(), config.schedule(), batchesAnEpoch * config.epochs());
    if (trainingRows == 0) {
      throw new MsrException(
          ErrorType.DATA,
          "training/NO_ROWS",
          "The training part has no rows. Check dataset.split and dataset.scenarios.");
    }
  }

  /** Makes {@link #train} write what it measures for TensorBoard as well. */
  public void writeEvents(Path folder) {
    eventFolder = folder;
  }

  /** Asks a running {@link #train} to write a checkpoint and end. Safe from any thread. */
  public void requestStop() {
    stopRequested = true;
  }

  /**
   * Trains to the end, from the last checkpoint where there is one. Afterwards the model holds the
   * best state. An interrupt of the caller asks it to stop.
   *
   * @param progress told of training rows
   */
  public TrainingResult train(Progress progress) {
    return model.engine().call(() -> new Run(progress).toEnd(), this::requestStop);
  }

  /**
   * How far a run has come.
   *
   * @param steps training steps done
   * @param atMost training steps of all epochs; patience may end a run before
   * @param finished whether nothing is left to do
   */
  public record Reached(long steps, long atMost, boolean finished) {}

  /** Puts the best state of an earlier run into the model, whether the run is finished or not. */
  public Reached loadBest() {
    return model
        .engine()
        .call(
            () -> {
              RunState state = loadLatestBest();
              return new Reached(state.step(), batchesAnEpoch * config.epochs(), state.finished());
            });
  }

  /** A run that is being trained deletes a state as soon as it has a better one. */
  private RunState loadLatestBest() {
    RunState state = checkpoints.state(key()).orElseThrow(this::neverTrained);
    try {
      loadBest(state);
      return state;
    } catch (MsrException e) {
      RunState now = checkpoints.state(key()).orElseThrow(this::neverTrained);
      if (now.last().equals(state.last())) {
        throw e;
      }
      loadBest(now);
      return now;
    }
  }

  private MsrException neverTrained() {
    return new MsrException(
        ErrorType.USER,
        "training/NOT_TRAINED",
        runFolder + " holds no trained model. Run 'llm4msr train' with this configuration first.");
  }

  private void loadBest(RunState state) {
    String best = state.best() == null ? state.last() : state.best();
    if (best.isEmpty()) {
      throw neverTrained();
    }
    checkpoints.load(model, null, best);
  }

  private String key() {
    String key = model.identity() + "|" + config;
    return startedFrom.isEmpty() ? key : key + "|from " + startedFrom;
  }

  /** One call of {@link #train}. */
  private final class Run {

    private final Progress progress;
    private final long started = System.nanoTime();
    private RunState state;
    private long rowsDone;
    private long trainingNanos;
    private long rowsSinceMark;
    private long logMark = System.nanoTime();
    private long savedAt = System.nanoTime();

    Run(Progress progress) {
      this.progress = progress;
      this.state = checkpoints.state(key()).orElseGet(() -> RunState.start(key()));
    }

    TrainingResult toEnd() {
      checkpoints.discardAllBut(state);
      if (!state.finished()) {
        if (state.step() > 0) {
          LOG.info("Resuming at step {} of {}", state.step(), runFolder);
          checkpoints.load(model, trainingStep.optimizer(), state.last());
          progress.detail(rowsSoFar(), "");
        }
        try (MetricsLog metrics =
            new MetricsLog(runFolder.resolve("metrics.jsonl"), state.step(), eventFolder)) {
          while (!over()) {
            epoch(metrics);
          }
        }
        if (validates && state.history().isEmpty()) {
          throw new IllegalStateException("training ended without a validation");
        }
      }
      loadBest(state);
      return result();
    }

    private boolean over() {
      return state.finished() || state.epoch() >= config.epochs();
    }

    private void epoch(MetricsLog metrics) {
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
        while (state.epoch() == epoch && !state.finished()) {
          long before = System.nanoTime();
          if (!source.next(batch)) {
            throw tooFewRows();
          }
          step(batch, metrics, before);
          afterStep(epoch, metrics);
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

    private void step(Batch batch, MetricsLog metrics, long before) {
      double rate = learningRate.at(state.step());
      TrainingStep.Outcome outcome = trainingStep.run(batch, state.step(), rate);
      trainingNanos += System.nanoTime() - before;
      rowsDone += batch.size;
      rowsSinceMark += batch.size;
      int epoch = state.epoch();
      state = state.stepped(batchesAnEpoch, outcome.loss());
      progress.update(rowsSoFar(), config.epochs() * trainingRows);
      if (state.step() % LOG_EVERY == 0) {
        double seconds = (System.nanoTime() - logMark) / 1e9;
        double loss = state.losses().meanSinceLog();
        metrics.step(state.step(), epoch, loss, outcome, rate, rowsSinceMark / seconds, watched());
        state = state.logged();
        restartClock();
      }
    }

    /** Returns the rows of all steps, those of earlier calls included. */
    private long rowsSoFar() {
      return state.epoch() * trainingRows + state.batch() * config.batchSize();
    }

    private Map<String, Float> watched() {
      return WatchedValues.of(model.parameters());
    }

    private void restartClock() {
      rowsSinceMark = 0;
      logMark = System.nanoTime();
    }

    private void afterStep(int epoch, MetricsLog metrics) {
      boolean last = state.epoch() >= config.epochs();
      boolean due =
          config.validateEvery() > 0
              ? state.step() % config.validateEvery() == 0 || last
              : state.epoch() != epoch;
      if (due) {
        boolean patienceOver = validates && validate(epoch, metrics);
        save(metrics, last || patienceOver);
      } else if (stopRequested || isCheckpointDue()) {
        save(metrics, false);
      }
      if (stopRequested && !state.finished()) {
        throw new MsrException(
            ErrorType.USER,
            "training/STOPPED",
            "Training stopped at step %d, as requested. Run it again to resume from there."
                .formatted(state.step()),
            null,
            true);
      }
    }

    private boolean isCheckpointDue() {
      return !checkpointEvery.isZero() && System.nanoTime() - savedAt >= checkpointEvery.toNanos();
    }

    private void save(MetricsLog metrics, boolean finished) {
      metrics.force();
      state = checkpoints.save(model, trainingStep.optimizer(), state, finished);
      savedAt = System.nanoTime();
      restartClock();
    }

    /** Returns whether patience ran out. */
    private boolean validate(int epoch, MetricsLog metrics) {
      EvaluationResult result =
          ModelEvaluation.of(model, data, Split.VALIDATION, config.batchSize());
      Validation validation =
          new Validation(state.step(), epoch, state.losses().meanSinceValidation(), result);
      state = state.validated(validation, result.overall().auc());
      metrics.validation(validation, rowsPerSecond(), watched());
      LOG.info(
          "Step {}: loss {}, validation AUC {}",
          state.step(),
          validation.trainingLoss(),
          result.overall().auc());
      return config.patience() > 0 && state.sinceBest() >= config.patience();
    }

    private double rowsPerSecond() {
      return trainingNanos == 0 ? 0 : rowsDone / (trainingNanos / 1e9);
    }

    private TrainingResult result() {
      List<Validation> history = state.history();
      @Nullable Validation best =
          history.stream().filter(v -> v.step() == state.bestStep()).findFirst().orElse(null);
      return new TrainingResult(
          state.step(),
          state.best() == null ? state.step() : state.bestStep(),
          best,
          history,
          state.step() < batchesAnEpoch * config.epochs(),
          (System.nanoTime() - started) / 1e9,
          rowsPerSecond());
    }
  }
}
