package org.llm4msr.runtime.experiment;

import com.google.inject.Guice;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Progress;
import org.llm4msr.api.data.DatasetReader;
import org.llm4msr.api.knowledge.KnowledgeEncoder;
import org.llm4msr.api.model.Level;
import org.llm4msr.runtime.assembly.ModelMemory;
import org.llm4msr.runtime.bundle.BundleModel;
import org.llm4msr.runtime.config.DatasetConfig;
import org.llm4msr.runtime.config.ExperimentConfig;
import org.llm4msr.runtime.config.KnowledgeConfig;
import org.llm4msr.runtime.config.TrainingConfig;
import org.llm4msr.runtime.config.loading.ConfigLoader;
import org.llm4msr.runtime.config.loading.EffectiveConfig;
import org.llm4msr.runtime.config.loading.LoadedConfig;
import org.llm4msr.runtime.data.inspection.InspectionRequest;
import org.llm4msr.runtime.data.inspection.PreparedSummary;
import org.llm4msr.runtime.data.preparation.DatasetPreparation;
import org.llm4msr.runtime.data.preparation.PreparationRequest;
import org.llm4msr.runtime.data.preparation.PreparationResult;
import org.llm4msr.runtime.data.prepared.DatasetManifest;
import org.llm4msr.runtime.data.prepared.PreparedData;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.data.slices.RowSlices;
import org.llm4msr.runtime.data.slices.Slicing;
import org.llm4msr.runtime.evaluation.PredictionWriter;
import org.llm4msr.runtime.evaluation.metric.MetricList;
import org.llm4msr.runtime.exchange.Exchange;
import org.llm4msr.runtime.exchange.ExchangeRequest;
import org.llm4msr.runtime.exchange.ExchangeServer;
import org.llm4msr.runtime.explanation.Explanation;
import org.llm4msr.runtime.explanation.ExplanationRequest;
import org.llm4msr.runtime.files.Scratch;
import org.llm4msr.runtime.knowledge.extraction.EncoderCalls;
import org.llm4msr.runtime.knowledge.extraction.ExtractionPlan;
import org.llm4msr.runtime.knowledge.extraction.ExtractionResult;
import org.llm4msr.runtime.knowledge.extraction.KnowledgeInspection;
import org.llm4msr.runtime.knowledge.extraction.PromptFile;
import org.llm4msr.runtime.knowledge.extraction.PromptPreview;
import org.llm4msr.runtime.knowledge.extraction.WrittenPrompts;
import org.llm4msr.runtime.knowledge.store.KnowledgeStore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One experiment from raw logs to an evaluated model: what the command line does, for Java. Each
 * stage starts from the files of the one before, in the folder {@code workspace}, and continues
 * where a stopped one ended. For one thread at a time, except for {@link #requestStop} and {@link
 * #isRunning}. An interrupt of that thread ends {@link #train} as {@link #requestStop} does; an
 * evaluation continues to its end, and other stages fail on their next file.
 *
 * <pre>{@code
 * Experiment experiment = Experiment.fromYaml(Path.of("experiment.yaml"), "training.epochs=3");
 * experiment.prepare(false, Progress.NONE);
 * experiment.extract(false, Progress.NONE);
 * experiment.train("first", Progress.NONE);
 * }</pre>
 */
public final class Experiment implements Stages {

  private static final Logger LOG = LoggerFactory.getLogger(Experiment.class);

  /** Memory of the database if no configuration states it. */
  private static final long INSPECTION_BYTES = 1L << 30;

  private final RunWiring runWiring;
  private final LoadedConfig loaded;
  private final ConfigLoader loader;
  private final ConfigCheck check;
  private final Workspace workspace;
  private final AtomicReference<@Nullable Runnable> stop = new AtomicReference<>();

  private volatile boolean stopRequested;

  Experiment(RunWiring runWiring, ConfigLoader loader, ConfigCheck check) {
    this.runWiring = runWiring;
    this.loaded = runWiring.config();
    this.loader = loader;
    this.check = check;
    this.workspace = new Workspace(loaded.base().resolve(loaded.config().workspace()).normalize());
  }

  /**
   * Reads and validates an experiment with the plugins of the class path and of the standard plugin
   * folder.
   *
   * @param overrides {@code key.path=value} each
   */
  public static Experiment fromYaml(Path file, String... overrides) {
    return Guice.createInjector(new RuntimeModule())
        .getInstance(Experiments.class)
        .open(file, List.of(overrides));
  }

  @Override
  public LoadedConfig config() {
    return loaded;
  }

  @Override
  public MetricList metrics() {
    return runWiring.metrics();
  }

  /** Returns what reads configurations with the plugins of this experiment. */
  ConfigLoader loader() {
    return loader;
  }

  RunWiring runWiring() {
    return runWiring;
  }

  @Override
  public Workspace workspace() {
    return workspace;
  }

  /**
   * Checks that head, backbone, engine and raw data fit each other, and that prompt templates and
   * the files of the encoder are there; if all that is right, that the model has room in memory.
   * Sections that are not there are not checked.
   *
   * @return the memory that training takes at least; nothing without a model, or where a plugin
   *     cannot be asked
   * @throws MsrException {@code config/INVALID} with everything that does not fit
   */
  public Optional<ModelMemory> check() {
    return check.checkAll(runWiring);
  }

  @Override
  public void checkModel() {
    check.checkModel(runWiring);
  }

  @Override
  public boolean readsKnowledge() {
    return loaded.config().readsKnowledge();
  }

  @Override
  public String identity() {
    ExperimentConfig config = loaded.config();
    Map<String, Object> training = new TreeMap<>(EffectiveConfig.of(config.training()).values());
    training.remove("seed");
    training.remove("monitor", TrainingConfig.AUC); // As before there was a choice.
    StringBuilder text = new StringBuilder();
    try (PreparedData data = openPrepared()) {
      text.append(data.manifest().key());
    }
    KnowledgeConfig knowledge = config.knowledge();
    if (knowledge != null && readsKnowledge()) {
      Map<String, Object> values = new LinkedHashMap<>(EffectiveConfig.of(knowledge).values());
      if (knowledge.control().isOff()) {
        values.remove("control"); // The identity is that from before there were controls.
      }
      text.append(KnowledgeStage.store(this).info().content(config.readsItems())).append(values);
    }
    return text.append(config.runtime().engine())
        .append(EffectiveConfig.of(loaded.model()).values())
        .append(training)
        .toString();
  }

  /** Prepares as {@link #prepare(boolean, Path, Progress)}, with ids of its own. */
  public PreparationResult prepare(boolean force, Progress progress) {
    return prepare(force, null, progress);
  }

  @Override
  public PreparationResult prepare(boolean force, @Nullable Path extend, Progress progress) {
    check.checkData(runWiring);
    DatasetConfig dataset = loaded.config().dataset();
    Path folder = loaded.base().resolve(dataset.path()).normalize();
    try (Scratch context = loaded.config().runtime().scratch(folder, loaded.config().dataset());
        DatasetReader reader = runWiring.wiring(new DataModule(context)).get(DatasetReader.class)) {
      PreparationRequest request =
          new PreparationRequest(
              dataset,
              workspace.prepared(),
              context.memoryBytes(),
              context.threads(),
              force,
              extend == null ? null : BundleModel.data(extend),
              loaded.file().toString());
      StageCost.Meter meter = StageCost.Meter.start("prepare");
      PreparationResult result = DatasetPreparation.prepare(reader, request, progress);
      if (!result.reused()) {
        meter.write(workspace.root());
      }
      return result;
    }
  }

  /**
   * Counts what the prepared data holds, looks for leaks between its parts, and stores the result
   * in the workspace, where reports on runs find it.
   *
   * @param progress gets the number of rows
   */
  public PreparedSummary inspectData(Progress progress) {
    openPrepared().close();
    try (Scratch scratch = loaded.config().runtime().scratch(loaded.base())) {
      PreparedSummary summary = inspect(workspace.prepared(), scratch, progress);
      summary.store(workspace.root());
      return summary;
    }
  }

  /**
   * Counts what a folder of prepared data holds that belongs to no experiment.
   *
   * @param progress gets the number of rows
   */
  public static PreparedSummary inspect(Path prepared, Progress progress) {
    int threads = Runtime.getRuntime().availableProcessors();
    try (Scratch scratch = new Scratch(prepared, INSPECTION_BYTES, threads)) {
      return inspect(prepared, scratch, progress);
    }
  }

  private static PreparedSummary inspect(Path prepared, Scratch scratch, Progress progress) {
    InspectionRequest request =
        new InspectionRequest(
            prepared, scratch.scratch(), scratch.memoryBytes(), scratch.threads());
    return PreparedSummary.of(request, progress);
  }

  @Override
  public @Nullable PreparedSummary inspection() {
    try (PreparedData data = openPrepared()) {
      return PreparedSummary.stored(workspace.root(), data.manifest().key());
    }
  }

  /**
   * Opens the prepared data; the caller closes it.
   *
   * @throws MsrException {@code data/NOT_PREPARED} where there is none, {@code data/OTHER_SETTINGS}
   *     where it was prepared with other settings
   */
  public PreparedData openPrepared() {
    if (!Files.exists(workspace.prepared())) {
      throw new MsrException(
          ErrorType.USER,
          "data/NOT_PREPARED",
          "There is no prepared data in %s. Run `llm4msr data prepare %s` first."
              .formatted(workspace.prepared(), loaded.shellWord()));
    }
    PreparedData data = PreparedData.open(workspace.prepared());
    try {
      Path manifest = workspace.prepared().resolve(DatasetManifest.FILE);
      PreparedSettings.requireSame(data.manifest(), manifest, loaded);
      PreparedSettings.warnOfDrawnRows(data.manifest(), manifest, loaded);
      return data;
    } catch (RuntimeException e) {
      data.close();
      throw e;
    }
  }

  @Override
  public ExtractionResult extract(boolean rebuild, Progress progress) {
    return extract(() -> KnowledgeStage.open(this), rebuild, progress);
  }

  /**
   * Extracts as {@link #extract(boolean, Progress)}, on other machines: here the encoder only
   * counts tokens.
   *
   * @param elsewhere returns calls of an encoder that is described as the one it gets
   */
  public ExtractionResult extract(
      boolean rebuild, Function<KnowledgeEncoder, EncoderCalls> elsewhere, Progress progress) {
    return extract(() -> KnowledgeStage.calling(this, elsewhere), rebuild, progress);
  }

  private ExtractionResult extract(
      Supplier<KnowledgeStage> open, boolean rebuild, Progress progress) {
    StageCost.Meter meter = StageCost.Meter.start(StageCost.EXTRACT);
    try (KnowledgeStage stage = open.get()) {
      ExtractionResult result = stage.extract(rebuild, this::begin, progress);
      if (result.read() > 0) {
        meter.write(workspace.root());
      }
      return result;
    } catch (MsrException e) {
      writeStopped(meter, workspace.root(), e);
      throw e;
    } finally {
      end();
    }
  }

  @Override
  public void acceptKnowledge() {
    KnowledgeStage.accept(this);
  }

  /**
   * Returns the first {@code count} prompts of each level as the language model would read them.
   */
  public PromptPreview previewPrompts(int count) {
    try (KnowledgeStage stage = KnowledgeStage.counting(this)) {
      return stage.preview(count);
    }
  }

  @Override
  public ExtractionPlan planExtraction(
      boolean rebuild, int prompts, @Nullable Boolean measured, Progress progress) {
    try (KnowledgeStage stage = KnowledgeStage.counting(this)) {
      return stage.plan(rebuild, prompts, measured, progress);
    }
  }

  /**
   * Writes the prompts of all levels, of the whole training part.
   *
   * @param fitted whether to drop history items until a prompt fits the language model, and leave
   *     out prompts that it would not get; otherwise prompts are whole
   */
  public WrittenPrompts writePrompts(PromptFile file, boolean fitted, Progress progress) {
    try (KnowledgeStage stage =
        fitted ? KnowledgeStage.counting(this) : KnowledgeStage.withoutEncoder(this)) {
      return stage.write(file, progress);
    }
  }

  /** Summarises the knowledge store. */
  public KnowledgeInspection.Summary inspectKnowledge() {
    return KnowledgeInspection.summarize(KnowledgeStage.store(this));
  }

  /**
   * Serves the prepared data, and the knowledge if it is complete, to other processes; the caller
   * closes the server.
   *
   * @param host address of this machine to listen on; whoever reaches it may read all
   * @param port 0 for any that is free
   */
  public ExchangeServer serve(String host, int port) {
    openPrepared().close();
    KnowledgeStore knowledge = null;
    if (Files.exists(workspace.knowledge())) {
      try {
        knowledge = KnowledgeStage.store(this);
      } catch (MsrException e) {
        LOG.warn("Knowledge is not served: {}", e.text());
      }
    }
    return Exchange.start(new ExchangeRequest(workspace.prepared(), knowledge, host, port));
  }

  /** Returns what lies nearest to a user or scenario in the knowledge store, with the prompts. */
  public KnowledgeInspection.Neighbourhood nearest(Level level, String key, int count) {
    return KnowledgeStage.nearest(this, level, key, count);
  }

  @Override
  public Map<String, List<KnowledgeInspection.Neighbour>> scenarioNeighbours(
      String run, int count) {
    RunFolder folder = new RunFolder(workspace.run(run));
    StartingPoint start = StartingPoint.of(folder, loaded.config(), null);
    KnowledgeStore store = start.keepsKnowledge() ? start.knowledge() : KnowledgeStage.store(this);
    KnowledgeSettings.requireTrainedWith(
        store, folder.provenance(), loaded.config().readsItems(), loaded.shellWord());
    return KnowledgeInspection.nearestScenarios(store, count);
  }

  /** Trains as {@link #train(String, TrainingOptions, Progress)}, without options. */
  public TrainingReport train(String run, Progress progress) {
    return train(run, TrainingOptions.NONE, progress);
  }

  @Override
  public TrainingReport train(String run, TrainingOptions options, Progress progress) {
    check.checkModel(runWiring);
    StageCost.Meter meter = StageCost.Meter.start("train");
    try (TrainingStage stage = options.open(() -> TrainingStage.open(this, run, options))) {
      TrainingReport report =
          stage.train(trainer -> begin(trainer::requestStop), options, progress);
      if (report.result().rowsPerSecond() > 0 && options.writes()) {
        meter.write(report.run());
      }
      return report;
    } catch (MsrException e) {
      writeStopped(meter, workspace.run(run), e);
      throw options.force() ? e : otherRun(run, e);
    } finally {
      end();
    }
  }

  private static void writeStopped(StageCost.Meter meter, Path folder, MsrException reason) {
    if (reason.code().endsWith("/STOPPED")) {
      meter.write(folder);
    }
  }

  private void begin(Runnable howToStop) {
    stop.set(howToStop);
    if (stopRequested) {
      howToStop.run();
    }
  }

  private void end() {
    stop.set(null);
    stopRequested = false;
  }

  @Override
  public boolean isRunning() {
    return stop.get() != null;
  }

  @Override
  public void requestStop() {
    stopRequested = true;
    Runnable running = stop.get();
    if (running != null) {
      running.run();
    }
  }

  @Override
  public EvaluationReport evaluate(
      String run, Split split, @Nullable Path predictions, Progress progress) {
    if (predictions != null) {
      PredictionWriter.requireFree(predictions);
    }
    Experiment trained = asTrained(run);
    check.checkModel(trained.runWiring);
    StageCost.Meter meter = StageCost.Meter.start("evaluate");
    try (TrainingStage stage = TrainingStage.open(trained, run, null)) {
      EvaluationReport report = stage.evaluate(split, slicings(split), predictions, progress);
      meter.write(report.run());
      return report;
    }
  }

  /**
   * Explains the best state of a run: what its knowledge says, what scores are made of, and what
   * they become without each level. The run folder keeps the last explanation, for its report.
   *
   * @param progress gets the number of rows
   * @throws MsrException as {@link org.llm4msr.runtime.explanation.Explainer#explain}
   */
  public Explanation explain(String run, ExplanationRequest request, Progress progress) {
    Experiment trained = asTrained(run);
    check.checkModel(trained.runWiring);
    try (TrainingStage stage = TrainingStage.open(trained, run, null)) {
      return stage.explain(trained, request, progress);
    }
  }

  /**
   * Creates a bundle from the best state of a finished run.
   *
   * @param target does not exist
   * @throws MsrException {@code training/NOT_FINISHED} where the run stopped before its end
   */
  public void createBundle(String run, Path target) {
    Experiment trained = asTrained(run);
    check.checkModel(trained.runWiring);
    try (TrainingStage stage = TrainingStage.open(trained, run, null)) {
      stage.createBundle(target);
    }
  }

  @Override
  public List<Slicing> slicings(Split split) {
    return RowSlices.of(workspace.prepared(), split, loaded.config().evaluation().slices());
  }

  @Override
  public String otherCode(String run) {
    return new RunFolder(workspace.run(run)).otherCode(loaded.model());
  }

  /** That a run is another one is told before what is wrong with the knowledge that it reads. */
  private MsrException otherRun(String run, MsrException refusal) {
    boolean isOther = refusal.code().equals("training/OTHER_RUN");
    RunFolder folder = new RunFolder(workspace.run(run));
    if (!folder.hasConfig()
        || !folder.hasBegun()
        || !(isOther || refusal.code().startsWith("knowledge/"))) {
      return refusal;
    }
    ExperimentConfig trained = stored(run).config().config();
    if (isOther) {
      return RunDifference.explain(refusal, trained, loaded.config());
    }
    List<String> differences = RunDifference.of(trained, loaded.config());
    return differences.isEmpty()
        ? refusal
        : new MsrException(
            ErrorType.USER,
            "training/OTHER_RUN",
            "The run %s was trained with other settings: %s. Start a new run with --run NAME; this one stays as it is."
                .formatted(folder.path(), String.join("; ", differences)),
            refusal);
  }

  /** Returns the experiment of a run, and says in what it differs from this one. */
  private Experiment asTrained(String run) {
    Experiment trained = stored(run);
    List<String> differences = RunDifference.of(trained.loaded.config(), loaded.config());
    if (loaded.config().model() != null && !differences.isEmpty()) {
      LOG.warn(
          "The run {} was trained with settings other than those of {}: {}. What follows is the run"
              + " as it was trained; for these settings train with --run NAME.",
          workspace.run(run),
          loaded.file(),
          String.join("; ", differences));
    }
    if (!leaks()) {
      trained.warnOfLeak();
    }
    return trained;
  }

  private Experiment stored(String run) {
    RunFolder folder = new RunFolder(workspace.run(run));
    if (!folder.hasConfig()) {
      return this;
    }
    LoadedConfig merged = runWiring.stated().withModelOf(loader.loadStored(folder.config()));
    return new Experiment(
        RunWiring.of(merged, runWiring.replacements(), runWiring.metrics()), loader, check);
  }

  /** Warns if prompts reveal what is to be predicted. */
  void warnOfLeak() {
    if (leaks()) {
      LOG.warn("{}: {}", loaded.file(), Notice.LEAK.text());
    }
  }

  private boolean leaks() {
    KnowledgeConfig knowledge = loaded.config().knowledge();
    return knowledge != null && knowledge.prompts().leakFutureInteractions();
  }
}
