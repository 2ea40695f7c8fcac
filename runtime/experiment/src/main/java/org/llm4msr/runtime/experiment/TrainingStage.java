package org.llm4msr.runtime.experiment;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Progress;
import org.llm4msr.api.model.Level;
import org.llm4msr.runtime.assembly.ModelAssembly;
import org.llm4msr.runtime.assembly.Predictions;
import org.llm4msr.runtime.assembly.TrainableModel;
import org.llm4msr.runtime.assembly.Wiring;
import org.llm4msr.runtime.assembly.fields.FieldProblems;
import org.llm4msr.runtime.assembly.sequences.SequenceInputs;
import org.llm4msr.runtime.assembly.sequences.SequencePlan;
import org.llm4msr.runtime.bundle.BundleWriter;
import org.llm4msr.runtime.bundle.FinishedBundle;
import org.llm4msr.runtime.bundle.PluginStamps;
import org.llm4msr.runtime.calibration.Calibration;
import org.llm4msr.runtime.calibration.LabelProbabilities;
import org.llm4msr.runtime.config.CalibrationMethod;
import org.llm4msr.runtime.config.ExperimentConfig;
import org.llm4msr.runtime.config.ModelPart;
import org.llm4msr.runtime.config.loading.ConfigLoader;
import org.llm4msr.runtime.config.past.PastNeeds;
import org.llm4msr.runtime.data.keys.RowGroups;
import org.llm4msr.runtime.data.keys.RowKeys;
import org.llm4msr.runtime.data.prepared.PreparedData;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.data.slices.Slicing;
import org.llm4msr.runtime.engine.TensorEngine;
import org.llm4msr.runtime.evaluation.EvaluationResult;
import org.llm4msr.runtime.evaluation.Evaluator;
import org.llm4msr.runtime.evaluation.ModelCalibration;
import org.llm4msr.runtime.evaluation.PartEvaluation;
import org.llm4msr.runtime.evaluation.PredictionWriter;
import org.llm4msr.runtime.experiment.log.RunLog;
import org.llm4msr.runtime.explanation.Explainer;
import org.llm4msr.runtime.explanation.Explanation;
import org.llm4msr.runtime.explanation.ExplanationRequest;
import org.llm4msr.runtime.files.DurableFiles;
import org.llm4msr.runtime.files.FolderLock;
import org.llm4msr.runtime.knowledge.control.ControlledKnowledge;
import org.llm4msr.runtime.knowledge.past.EventLogs;
import org.llm4msr.runtime.knowledge.store.KnowledgeStore;
import org.llm4msr.runtime.knowledge.vectors.KnowledgeInputs;
import org.llm4msr.runtime.training.SlowTraining;
import org.llm4msr.runtime.training.Trainer;
import org.llm4msr.runtime.training.TrainingResult;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Engine, data and model of one run, held open while one command works with them. */
final class TrainingStage implements AutoCloseable {

  private static final Pattern RUN = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]*");

  private static final Logger LOG = LoggerFactory.getLogger(TrainingStage.class);

  private final ConfigLoader loader;
  private final RunWiring runWiring;
  private final ExperimentConfig config;
  private final Path prepared;
  private final RunFolder folder;
  private final @Nullable FolderLock lock;
  private final RunLog log;
  private final PreparedData data;
  private final @Nullable ControlledKnowledge knowledge;
  private final Wiring wiring;
  private final TensorEngine engine;
  private final TrainableModel model;
  private final Trainer trainer;

  private TrainingStage(
      Experiment experiment,
      RunFolder folder,
      @Nullable FolderLock lock,
      RunLog log,
      PreparedData data,
      @Nullable ControlledKnowledge knowledge,
      StartingPoint start,
      @Nullable TrainingOptions options) {
    this.loader = experiment.loader();
    this.runWiring = experiment.runWiring();
    this.config = runWiring.config().config();
    this.prepared = experiment.workspace().prepared();
    this.folder = folder;
    this.lock = lock;
    this.log = log;
    this.data = data;
    this.knowledge = knowledge;
    SequencePlan.require(config.model(), prepared, data.manifest()); // Before the log is read.
    FieldProblems.requireOfItems(config.model(), data.manifest().fields());
    PastNeeds past = config.past();
    EventLogs events = past == null ? null : start.events(past, data);
    KnowledgeInputs inputs = RunKnowledge.inputs(experiment, data, knowledge, start, events);
    SequenceInputs sequences = SequenceInputs.of(prepared, data.manifest(), events);
    this.wiring =
        runWiring.wiring(
            new TrainingModule(config, folder, data, inputs, sequences, start, options));
    this.engine = wiring.get(TensorEngine.class);
    try {
      model = wiring.get(TrainableModel.class);
    } catch (RuntimeException | Error e) {
      engine.close();
      throw e;
    }
    try {
      start.fill(model, prepared);
      trainer = wiring.get(Trainer.class);
    } catch (RuntimeException | Error e) {
      model.close();
      engine.close();
      throw e;
    }
  }

  /**
   * Opens a run; makes its folder if there is none and it is to be trained, by the first worker.
   *
   * @param options of the training; null to work with what was trained
   */
  static TrainingStage open(Experiment experiment, String run, @Nullable TrainingOptions options) {
    RunFolder folder = folder(experiment, run, options != null && options.writes());
    PreparedData data = experiment.openPrepared();
    FolderLock lock = null;
    RunLog log = null;
    boolean made = false;
    try {
      made = folder.create();
      if (options != null && options.writes()) {
        lock = folder.lock();
        folder.prepareFor(options);
      }
      log = RunLog.to(options == null || options.writes() ? folder.log() : null);
      return open(experiment, folder, lock, log, data, options);
    } catch (RuntimeException | Error e) {
      if (log != null) {
        log.close();
      }
      if (lock != null) {
        settle(folder, e);
        if (made && !folder.hasBegun()) {
          DurableFiles.discard(folder.path(), e);
        }
        lock.close();
      }
      data.close();
      throw e;
    }
  }

  private static RunFolder folder(Experiment experiment, String run, boolean create) {
    if (!RUN.matcher(run).matches()) {
      throw new MsrException(
          ErrorType.USER,
          "training/RUN_NAME",
          "\"%s\" is not a valid run name. Use letters, digits, dots, hyphens and underscores."
              .formatted(run));
    }
    RunFolder folder = new RunFolder(experiment.workspace().run(run));
    if (!create && !Files.exists(folder.path())) {
      throw new MsrException(
          ErrorType.USER,
          "training/NO_RUN",
          "There is no run %s in %s. Run `llm4msr train %s --run %s` first."
              .formatted(run, folder.path().getParent(), experiment.config().shellWord(), run));
    }
    return folder;
  }

  private static TrainingStage open(
      Experiment experiment,
      RunFolder folder,
      @Nullable FolderLock lock,
      RunLog log,
      PreparedData data,
      @Nullable TrainingOptions options) {
    boolean create = options != null && options.writes();
    StartingPoint start = StartingPoint.of(folder, experiment.config().config(), options);
    if (create && folder.hasBegun()) {
      requireSameCode(folder, experiment);
    }
    ControlledKnowledge knowledge = RunKnowledge.of(experiment, folder, data, create, start);
    TrainingStage stage =
        new TrainingStage(experiment, folder, lock, log, data, knowledge, start, options);
    try {
      stage.record(experiment, start, options);
      return stage;
    } catch (RuntimeException | Error e) {
      stage.model.close();
      stage.engine.close();
      throw e;
    }
  }

  /** Writes what a new run is made of; of one that has begun, warns of code that is another now. */
  private void record(
      Experiment experiment, StartingPoint start, @Nullable TrainingOptions options) {
    if (folder.hasBegun()) {
      List<ModelPart> parts = ModelPart.of(experiment.config().model());
      PluginStamps.warnOfOthers(folder.path(), folder.plugins(), parts);
    } else if (options != null && options.writes()) {
      folder.writeConfig(
          experiment.config(), data.manifest(), store(knowledge), start, engine, options.job());
    }
  }

  /** The failure that led here is the one to report. */
  private static void settle(RunFolder folder, Throwable cause) {
    try {
      folder.settle();
    } catch (MsrException e) {
      cause.addSuppressed(e);
    }
  }

  /** Refuses weights that were learned by other code, which would read them in another way. */
  private static void requireSameCode(RunFolder folder, Experiment experiment) {
    String others = folder.otherCode(experiment.config().model());
    if (!others.isEmpty()) {
      throw new MsrException(
          ErrorType.USER,
          "training/OTHER_RUN",
          "The run %s was trained with other code of a plugin: %s. Start a new run with --run NAME, or train this one anew with --force."
              .formatted(folder.path(), others));
    }
  }

  private static @Nullable KnowledgeStore store(@Nullable ControlledKnowledge knowledge) {
    return knowledge == null ? null : knowledge.store();
  }

  /**
   * Trains to the end and writes the bundle, unless the run did both before.
   *
   * @param started gets the trainer, to stop it
   */
  TrainingReport train(Consumer<Trainer> started, TrainingOptions options, Progress progress) {
    Path target = options.bundle() == null ? folder.bundle() : options.bundle();
    if (options.writes() && (options.bundle() != null || !folder.hasBegun())) {
      BundleWriter.requireFree(target);
    }
    options.join(trainer);
    options.listeners().forEach(trainer::listen);
    if (knowledge != null && options.writes()) {
      warnIfSlow(knowledge);
    }
    started.accept(trainer);
    TrainingResult result = trainer.train(progress);
    return trainer.alone(() -> finished(target, result), report(target, result, Calibration.NONE));
  }

  private TrainingReport finished(Path target, TrainingResult result) {
    boolean isNew =
        result.rowsPerSecond() > 0 || !Files.exists(folder.path().resolve(RunFolder.TRAINING));
    TrainingReport report = report(target, result, isNew ? calibrate() : folder.calibration());
    if (isNew) {
      folder.write(RunFolder.TRAINING, report);
    }
    if (!Files.exists(target)) {
      writeBundle(target);
    }
    return report;
  }

  private TrainingReport report(Path bundle, TrainingResult result, Calibration calibration) {
    String device = engine.deviceName();
    boolean later = config.readsLaterParts();
    return new TrainingReport(
        folder.path(), bundle, result, device, calibration, leaks(), later, trainer.monitor());
  }

  private void warnIfSlow(ControlledKnowledge read) {
    trainer.checkSpeed(this::plain, slow -> LOG.warn(text(slow, read)));
  }

  private TrainableModel plain() {
    return ModelAssembly.plain(
        model, runWiring.config().model(), config.training(), config.scoring(), data);
  }

  private String text(SlowTraining slow, ControlledKnowledge read) {
    return slow.text(config, read.level(Level.USER).dimension(), data.manifest());
  }

  private Calibration calibrate() {
    return config.training().calibration() == CalibrationMethod.OFF
        ? Calibration.NONE
        : ModelCalibration.of(model, data, config.training().batchSize());
  }

  /**
   * Writes the bundle of a finished run.
   *
   * @throws MsrException {@code training/NOT_FINISHED} if it is not
   */
  void createBundle(Path target) {
    BundleWriter.requireFree(target);
    Trainer.Reached reached = trainer.loadBest();
    if (!reached.finished() || !Files.exists(folder.path().resolve(RunFolder.TRAINING))) {
      throw new MsrException(ErrorType.USER, "training/NOT_FINISHED", unfinished(reached));
    }
    writeBundle(target);
  }

  private String unfinished(Trainer.Reached reached) {
    return "The run %s stopped at step %d of at most %d. Run `llm4msr train %s --run %s`; it resumes from there."
        .formatted(
            folder.path(),
            reached.steps(),
            reached.atMost(),
            runWiring.config().shellWord(),
            folder.path().getFileName());
  }

  private void writeBundle(Path target) {
    if (config.scoring().compile()) {
      FinishedBundle.write(target, loader, this::writePlainBundle);
    } else {
      writePlainBundle(target);
    }
  }

  private void writePlainBundle(Path target) {
    BundleStage.write(target, folder, runWiring, prepared, data.manifest(), knowledge, model);
  }

  /** Evaluates the best state; writes every prediction to a file if one is named. */
  EvaluationReport evaluate(
      Split split, List<Slicing> slicings, @Nullable Path predictions, Progress progress) {
    boolean finished = loadBest();
    model.computeAhead(data, split);
    Calibration calibration = finished ? folder.calibration() : Calibration.NONE;
    long rows = data.manifest().rows().of(split);
    int size = config.training().batchSize();
    List<String> labels = model.labels().names();
    LabelProbabilities calibrated = new LabelProbabilities(calibration, labels, size);
    LabelProbabilities raw = new LabelProbabilities(Calibration.NONE, labels, size);
    try (PartEvaluation evaluation =
            evaluation(slicings, RowGroups.of(prepared, split), config.evaluation().cutoffs());
        PartEvaluation before =
            calibration.changesNoLabel() ? null : evaluation(List.of(), null, List.of());
        PredictionWriter writer = predictions == null ? null : writer(predictions, split)) {
      long[] done = {0};
      Predictions.forEachLabel(
          model,
          data,
          split,
          size,
          (batch, logits, further) -> {
            calibrated.fill(batch.size, batch.scenario, logits, further);
            evaluation.add(batch, calibrated.main(), calibrated.further());
            if (before != null) {
              raw.fill(batch.size, batch.scenario, logits, further);
              before.add(batch, raw.main(), raw.further());
            }
            if (writer != null) {
              writer.add(batch, calibrated.main(), calibrated.further());
            }
            done[0] += batch.size;
            progress.update(done[0], rows);
          });
      if (writer != null) {
        writer.finish();
      }
      EvaluationResult uncalibrated = before == null ? null : before.result();
      return report(split, evaluation, uncalibrated, finished);
    }
  }

  private PartEvaluation evaluation(
      List<Slicing> slicings, @Nullable RowGroups groups, List<Integer> cutoffs) {
    return new PartEvaluation(
        wiring.get(Evaluator.class),
        data.manifest().scenarioKeys(),
        slicings,
        groups,
        cutoffs,
        model.labels());
  }

  /** Loads the best state; returns whether training is over, and says so if it is not. */
  private boolean loadBest() {
    Trainer.Reached reached = trainer.loadBest();
    if (!reached.finished()) {
      LOG.warn("This is the best state so far. {}", unfinished(reached));
    }
    return reached.finished();
  }

  /** Explains the best state. */
  Explanation explain(Experiment experiment, ExplanationRequest request, Progress progress) {
    Calibration calibration = loadBest() ? folder.calibration() : Calibration.NONE;
    Explainer explainer = new Explainer(model, data, prepared, calibration, config);
    Explanation explanation =
        new ExplanationStage(experiment, folder, data, store(knowledge), request)
            .explanation(explainer.explain(request, progress));
    folder.write(Explanation.FILE, explanation);
    return explanation;
  }

  private PredictionWriter writer(Path target, Split split) {
    List<String> scenarios = data.manifest().scenarioKeys();
    return new PredictionWriter(
        target, scenarios, RowKeys.of(prepared, split), leaks(), model.labels());
  }

  private EvaluationReport report(
      Split split,
      PartEvaluation evaluation,
      @Nullable EvaluationResult uncalibrated,
      boolean finished) {
    List<String> names = EvaluationReport.titles(data.manifest().scenarios());
    EvaluationReport report =
        new EvaluationReport(
            folder.path(),
            split.key(),
            names,
            evaluation.result(),
            uncalibrated,
            evaluation.slices(),
            evaluation.ranking(),
            finished,
            leaks(),
            config.readsLaterParts());
    folder.write("evaluation-" + split.key() + ".json", report);
    return report;
  }

  private boolean leaks() {
    return knowledge != null && knowledge.store().info().leakFutureInteractions();
  }

  @Override
  public void close() {
    try (lock) {
      try (log;
          data;
          engine;
          model) {
        // Closed in the reverse order of creation.
      } finally {
        if (lock != null) {
          folder.settle();
        }
      }
    }
  }
}
