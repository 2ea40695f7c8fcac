package org.llm4msr.runtime.training;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.assembly.TrainableModel;
import org.llm4msr.runtime.config.TrainingConfig;
import org.llm4msr.runtime.data.prepared.PreparedData;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.evaluation.EvaluationResult;
import org.llm4msr.runtime.evaluation.Evaluator;
import org.llm4msr.runtime.evaluation.metric.Metric;
import org.llm4msr.runtime.evaluation.metric.MetricList;
import org.llm4msr.runtime.training.workers.Team;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Trains a model: epochs, validation, early stopping on a metric of the validation part,
 * checkpoints. A run that was stopped or killed resumes from its last checkpoint, with the result
 * that it would have had anyway; the same seed gives the same numbers bit for bit at one thread
 * count and on one device.
 */
public final class Trainer {

  private static final Logger LOG = LoggerFactory.getLogger(Trainer.class);

  private final TrainableModel model;
  private final PreparedData data;
  private final TrainingConfig config;
  private final Path runFolder;
  private final Checkpoints checkpoints;
  private final TrainingStep trainingStep;
  private final String startedFrom;
  private final Duration checkpointEvery;
  private final List<TrainingListener> listeners = new ArrayList<>();
  private Supplier<Evaluator> evaluators;
  private @Nullable Metric monitor;
  private @Nullable Path eventFolder;
  private @Nullable SpeedCheck speedCheck;
  private @Nullable Team team;
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
    this.trainingStep = new TrainingStep(model, config, data);
    this.evaluators = () -> new Evaluator(data.manifest().scenarioKeys());
    if (data.manifest().rows().train() == 0) {
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

  /**
   * Sets what makes the evaluator of each validation; by default, that of the standard metrics.
   *
   * @param monitor the metric that the settings name
   * @param evaluators gives a new one each time, for the scenarios of the data in their order; the
   *     trainer closes it
   */
  public void validateWith(Metric monitor, Supplier<Evaluator> evaluators) {
    this.monitor = monitor;
    this.evaluators = evaluators;
  }

  /**
   * Has {@link #train} say where it is slow: where its steps take at least three times as long as
   * those of a plain model, and all of them more than two minutes.
   *
   * @param plain makes the plain model, which reads the tables of the model that is trained; called
   *     at most once, and its training changes nothing else
   * @param slow is told from the engine's thread, after the first steps
   */
  public void checkSpeed(Supplier<TrainableModel> plain, Consumer<SlowTraining> slow) {
    speedCheck = new SpeedCheck(plain, trainingStep, slow);
  }

  /**
   * Has {@link #train} be the part of one of several workers, all of which train the same model
   * with the same settings and data. The first evaluates, and writes what there is in the run
   * folder, where the others read checkpoints.
   *
   * @throws MsrException {@code training/TOO_LARGE_TO_SHARE}, {@code training/FEW_ROWS_A_WORKER}
   */
  public void workIn(Team workers) {
    workers.requireRows(config.batchSize());
    trainingStep.workIn(workers);
    team = workers;
  }

  /**
   * Does what one process, or the first of several workers, does with the model after {@link
   * #train}; all workers call it.
   *
   * @param ofOthers what the other workers get
   */
  public <T> T alone(Supplier<T> work, T ofOthers) {
    return team == null ? work.get() : team.alone(work, ofOthers);
  }

  /** Adds a listener to those that hear of {@link #train}. */
  public void listen(TrainingListener listener) {
    listeners.add(listener);
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
    return model.engine().call(() -> trainToEnd(progress), this::requestStop);
  }

  private TrainingResult trainToEnd(Progress progress) {
    Team workers = team;
    boolean writes = workers == null || workers.isFirst();
    if (workers != null) {
      workers.requireSame(key());
    }
    RunState state = ofFirst(this::begin, RunState.class);
    TrainingRun run =
        new TrainingRun(
            model,
            data,
            config,
            trainingStep,
            monitor(),
            () -> ofFirst(this::validate, EvaluationResult.class),
            state,
            checkpointEvery,
            () -> stopRequested,
            workers != null && workers.isPartitioned() ? null : speedCheck,
            workers);
    if (!state.finished()) {
      if (state.step() > 0) {
        LOG.info("Resuming at step {} of {}", state.step(), runFolder);
        checkpoints.load(model, trainingStep.optimizer(), state.last());
      }
      CheckpointWriter saves =
          new CheckpointWriter(checkpoints, model, trainingStep.optimizer(), run::state, workers);
      if (writes) {
        toEnd(run, saves, progress);
      } else {
        run.toEnd(new Listeners(List.of(), List.of(), saves));
      }
    }
    if (workers == null || workers.isFirst() || workers.isPartitioned()) {
      loadBest(run.state());
    }
    return run.result();
  }

  private RunState begin() {
    RunState state = checkpoints.state(key()).orElseGet(() -> RunState.start(key()));
    checkpoints.discardAllBut(state);
    return state;
  }

  private <T> T ofFirst(Supplier<T> value, Class<T> type) {
    return team == null ? value.get() : team.ofFirst(value, type);
  }

  private void toEnd(TrainingRun run, CheckpointWriter saves, Progress progress) {
    long step = run.state().step();
    try (MetricsLog metrics = new MetricsLog(runFolder.resolve("metrics.jsonl"), step);
        EventFile events = eventFolder == null ? null : new EventFile(eventFolder, step)) {
      ProgressListener rows = new ProgressListener(progress);
      run.toEnd(
          new Listeners(
              events == null ? List.of(rows, metrics) : List.of(rows, metrics, events),
              listeners,
              saves));
    }
  }

  /** Returns the metric that chooses the best state. */
  public Metric monitor() {
    return monitor == null
        ? MetricList.STANDARD.required(config.monitor(), MetricList.MONITOR)
        : monitor;
  }

  private EvaluationResult validate() {
    return ModelEvaluation.of(model, data, Split.VALIDATION, config.batchSize(), evaluators.get());
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
              return new Reached(
                  state.step(),
                  TrainingRun.batchesAnEpoch(data, config) * config.epochs(),
                  state.finished());
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
    String key = model.identity() + "|" + config.identity();
    return startedFrom.isEmpty() ? key : key + "|from " + startedFrom;
  }
}
