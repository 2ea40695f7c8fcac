package org.llm4msr.runtime.experiment;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Progress;
import org.llm4msr.api.data.RawSchema;
import org.llm4msr.api.knowledge.KnowledgeEncoder;
import org.llm4msr.api.knowledge.ScenarioPromptBuilder;
import org.llm4msr.api.model.Level;
import org.llm4msr.runtime.assembly.Wiring;
import org.llm4msr.runtime.bundle.PluginStamps;
import org.llm4msr.runtime.config.KnowledgeConfig;
import org.llm4msr.runtime.config.KnowledgeConfig.LimitConfig;
import org.llm4msr.runtime.config.RuntimeConfig;
import org.llm4msr.runtime.data.preparation.RowsLog;
import org.llm4msr.runtime.data.prepared.Periods;
import org.llm4msr.runtime.data.prepared.PreparedData;
import org.llm4msr.runtime.data.prepared.TrainingLog;
import org.llm4msr.runtime.engine.EngineEncoderContext;
import org.llm4msr.runtime.files.DurableFiles;
import org.llm4msr.runtime.files.Scratch;
import org.llm4msr.runtime.knowledge.control.ControlledKnowledge;
import org.llm4msr.runtime.knowledge.extraction.Chosen;
import org.llm4msr.runtime.knowledge.extraction.DrawnPlan;
import org.llm4msr.runtime.knowledge.extraction.EncoderCalls;
import org.llm4msr.runtime.knowledge.extraction.ExtractionPlan;
import org.llm4msr.runtime.knowledge.extraction.ExtractionResult;
import org.llm4msr.runtime.knowledge.extraction.KnowledgeExtractor;
import org.llm4msr.runtime.knowledge.extraction.KnowledgeInspection;
import org.llm4msr.runtime.knowledge.extraction.NoEncoder;
import org.llm4msr.runtime.knowledge.extraction.PromptFile;
import org.llm4msr.runtime.knowledge.extraction.PromptPreview;
import org.llm4msr.runtime.knowledge.extraction.WrittenPrompts;
import org.llm4msr.runtime.knowledge.store.KnowledgeSource;
import org.llm4msr.runtime.knowledge.store.KnowledgeStore;
import org.llm4msr.runtime.knowledge.store.StoreWriter;
import org.llm4msr.runtime.knowledge.store.Without;
import org.llm4msr.runtime.knowledge.vectors.EarlierKnowledge;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Prompts and language model of one experiment, held open while one command works with them. */
final class KnowledgeStage implements AutoCloseable {

  /** Language models are slow: a kill may lose no more than this, however rare checkpoints are. */
  private static final Duration STORE_EVERY = Duration.ofSeconds(20);

  private static final Logger LOG = LoggerFactory.getLogger(KnowledgeStage.class);

  private final Experiment experiment;
  private final PreparedData data;
  private final Scratch scratch;
  private final KnowledgeConfig config;
  private final ScenarioPromptBuilder prompts;
  private final EngineEncoderContext encoderContext;
  private final KnowledgeModule.Encoders encoders;
  private final KnowledgeEncoder encoder;
  private final EncoderCalls calls;
  private final Chosen chosen;
  private final KnowledgeExtractor extractor;

  private KnowledgeStage(
      Experiment experiment,
      KnowledgeConfig config,
      PreparedData data,
      Scratch scratch,
      Function<KnowledgeModule.Encoders, KnowledgeEncoder> use,
      Function<KnowledgeEncoder, EncoderCalls> calling) {
    this.experiment = experiment;
    this.data = data;
    this.scratch = scratch;
    this.config = config;
    Wiring wiring = experiment.runWiring().wiring(new KnowledgeModule(scratch));
    this.prompts = wiring.get(ScenarioPromptBuilder.class);
    this.encoderContext = wiring.get(EngineEncoderContext.class);
    this.encoders = wiring.get(KnowledgeModule.Encoders.class);
    this.encoder = use.apply(encoders);
    this.calls = calling.apply(encoder);
    boolean leaks = config.prompts().leakFutureInteractions();
    TrainingLog log = log(experiment, leaks, data, scratch);
    LimitConfig limit = config.limit() == null ? LimitConfig.NONE : config.limit();
    this.chosen = Chosen.of(log, limit, encoder.readsKeys());
    this.extractor = extractor(log, leaks, config.items() != null);
  }

  private KnowledgeExtractor extractor(TrainingLog log, boolean leaks, boolean items) {
    return new KnowledgeExtractor(
        log,
        data.manifest().key(),
        prompts,
        encoder,
        calls,
        new KnowledgeExtractor.Settings(
            config.minInteractions(),
            chosen,
            leaks,
            items,
            config.precision(),
            PluginStamps.of(config),
            KnowledgeSettings.of(config)),
        storeEvery(experiment.config().config().runtime()));
  }

  private static Duration storeEvery(RuntimeConfig config) {
    Duration checkpoints = config.checkpointEvery();
    return checkpoints.isZero() || checkpoints.compareTo(STORE_EVERY) > 0
        ? STORE_EVERY
        : checkpoints;
  }

  /** Opens the prompts, and the encoder. */
  static KnowledgeStage open(Experiment experiment) {
    return open(experiment, KnowledgeModule.Encoders::whole);
  }

  /** Opens the prompts, and what counts the tokens of an encoder whose calls run elsewhere. */
  static KnowledgeStage calling(
      Experiment experiment, Function<KnowledgeEncoder, EncoderCalls> elsewhere) {
    return open(experiment, KnowledgeModule.Encoders::counter, elsewhere);
  }

  /** Opens the prompts, and what counts the tokens that the encoder would read. */
  static KnowledgeStage counting(Experiment experiment) {
    return open(experiment, KnowledgeModule.Encoders::counter);
  }

  /** Opens the prompts alone. */
  static KnowledgeStage withoutEncoder(Experiment experiment) {
    return open(experiment, encoders -> new NoEncoder());
  }

  private static KnowledgeStage open(
      Experiment experiment, Function<KnowledgeModule.Encoders, KnowledgeEncoder> use) {
    return open(experiment, use, EncoderCalls::oneByOne);
  }

  private static KnowledgeStage open(
      Experiment experiment,
      Function<KnowledgeModule.Encoders, KnowledgeEncoder> use,
      Function<KnowledgeEncoder, EncoderCalls> calling) {
    KnowledgeConfig config = config(experiment);
    PreparedData data = experiment.openPrepared();
    Scratch scratch = scratch(experiment);
    try {
      return new KnowledgeStage(experiment, config, data, scratch, use, calling);
    } catch (RuntimeException | Error e) {
      scratch.close();
      data.close();
      throw e;
    }
  }

  private static KnowledgeConfig config(Experiment experiment) {
    KnowledgeConfig config = experiment.config().config().knowledge();
    if (config == null) {
      throw new MsrException(
          ErrorType.USER,
          "knowledge/NOT_CONFIGURED",
          "%s has no section knowledge. Add one, for example knowledge: {encoder: {name: ...}}; `llm4msr plugins list --kind knowledge-encoder` shows the encoders."
              .formatted(experiment.config().file()));
    }
    return config;
  }

  private static ScenarioPromptBuilder prompts(Experiment experiment) {
    return experiment.runWiring().wiring().get(ScenarioPromptBuilder.class);
  }

  /** Fills the store and those of earlier periods; {@code started} gets an action that stops it. */
  ExtractionResult extract(boolean rebuild, Consumer<Runnable> started, Progress progress) {
    List<KnowledgeExtractor> earlier = earlier();
    started.accept(
        () -> {
          extractor.requestStop();
          earlier.forEach(KnowledgeExtractor::requestStop);
        });
    long prompts =
        extractor.prompts() + earlier.stream().mapToLong(KnowledgeExtractor::prompts).sum();
    CombinedProgress combined = new CombinedProgress(progress, prompts);
    Path whole = experiment.workspace().knowledge();
    if (!rebuild) {
      KnowledgeStore.stated(whole)
          .filter(there -> extractor.fills(whole, there))
          .ifPresent(
              there -> {
                KnowledgeSettings.warnOfKept(there, experiment, config);
                KnowledgeSettings.warnOfOtherCode(whole, there, experiment, config);
              });
      for (int period = 1; period < config.periods(); period++) {
        earlier.get(period - 1).requireSame(before(period));
      }
    }
    ExtractionResult result = extractor.extract(whole, rebuild, combined);
    if (result.info().users() == 0) {
      Without without = result.users().without();
      LOG.warn(
          "No user has knowledge: {}. A model that reads the knowledge of users cannot be trained"
              + " with it.",
          without.all() == without.belowThreshold()
              ? "each has fewer positive training rows than knowledge.minInteractions, %d, in %s"
                  .formatted(config.minInteractions(), experiment.config().file())
              : "the result counts why");
    }
    if (rebuild) {
      deleteOtherPeriods();
    }
    Path folder = whole;
    // Backwards: what a user did before the last period is most similar to the whole.
    for (int period = config.periods() - 1; period > 0; period--) {
      KnowledgeStore later = KnowledgeStore.open(folder);
      folder = before(period);
      combined.next();
      result = result.with(earlier.get(period - 1).extract(folder, rebuild, later, combined));
    }
    return result.onDevice(encoderContext.device());
  }

  /**
   * Records that the vectors that are stored are those that the present code of prompt builder and
   * encoder makes.
   */
  static void accept(Experiment experiment) {
    KnowledgeConfig config = config(experiment);
    KnowledgeStore store = store(experiment);
    KnowledgeSettings.requireSame(store, experiment, config);
    List<Path> folders =
        IntStream.range(0, config.periods())
            .mapToObj(
                period ->
                    period == 0
                        ? store.folder()
                        : experiment.workspace().knowledgeBefore(period, config.periods()))
            .filter(Files::exists)
            .toList();
    for (Path folder : folders) {
      try {
        StoreWriter.accept(folder, PluginStamps.of(config));
      } catch (IOException e) {
        throw KnowledgeStore.failed("fill", folder, e);
      }
    }
  }

  private Path before(int period) {
    return experiment.workspace().knowledgeBefore(period, config.periods());
  }

  /** Deletes the stores of other divisions into periods; those of this one are filled again. */
  private void deleteOtherPeriods() {
    Set<Path> wanted =
        IntStream.range(1, config.periods()).mapToObj(this::before).collect(Collectors.toSet());
    Path folder = experiment.workspace().knowledge();
    try (DirectoryStream<Path> befores = Files.newDirectoryStream(folder, "before-*-of-*")) {
      for (Path before : befores) {
        if (!wanted.contains(before)) {
          DurableFiles.delete(before);
        }
      }
    } catch (IOException e) {
      throw KnowledgeStore.failed("clear", folder, e);
    }
  }

  private List<KnowledgeExtractor> earlier() {
    if (config.periods() > 1 && !data.manifest().time()) {
      throw new MsrException(
          ErrorType.USER,
          "knowledge/NO_TIME",
          "knowledge.periods is %d in %s, but the data in %s has no time to order its rows by. Set knowledge.periods: 1, or name the time column."
              .formatted(
                  config.periods(), experiment.config().file(), experiment.workspace().prepared()));
    }
    if (config.periods() > 1 && encoder.readsKeys()) {
      throw new MsrException(
          ErrorType.USER,
          "knowledge/ONE_VECTOR_A_USER",
          "knowledge.periods is %d in %s, but the encoder %s has one vector per user, which covers all periods. Set knowledge.periods: 1, or choose an encoder that reads prompts."
              .formatted(config.periods(), experiment.config().file(), encoder.info().model()));
    }
    Periods periods = new Periods(data.manifest().rows().train(), config.periods());
    return IntStream.range(1, config.periods())
        .mapToObj(period -> rows(experiment, scratch, period).oldest(periods.start(period)))
        .map(log -> extractor(log, false, false))
        .toList();
  }

  /**
   * Plans what {@link #extract} would do.
   *
   * @param shown prompts of each level to show
   * @param measured whether the encoder reads some prompts, to be timed; null: unless a service
   *     would be asked
   */
  ExtractionPlan plan(boolean rebuild, int shown, @Nullable Boolean measured, Progress progress) {
    List<KnowledgeExtractor> earlier = earlier();
    Map<Path, KnowledgeExtractor> stores = new LinkedHashMap<>();
    stores.put(experiment.workspace().knowledge(), extractor);
    for (int period = config.periods() - 1; period > 0; period--) {
      stores.put(before(period), earlier.get(period - 1));
    }
    DrawnPlan drawn = extractor.plan(stores, rebuild, shown, progress);
    boolean isService = encoder.info().dimension() == 0;
    if (drawn.plan().read() == 0 || !(measured == null ? !isService : measured)) {
      return drawn.plan();
    }
    try (KnowledgeEncoder reading = encoders.whole()) {
      return drawn.timed(reading);
    }
  }

  PromptPreview preview(int count) {
    return extractor.preview(count);
  }

  WrittenPrompts write(PromptFile file, Progress progress) {
    return extractor.write(file, progress);
  }

  /** Returns the hash of the configured prompt template, as {@code store.json} has it. */
  static String templateHash(Experiment experiment) {
    return KnowledgeExtractor.templateHash(prompts(experiment));
  }

  /** Opens the store of an experiment. */
  static KnowledgeStore store(Experiment experiment) {
    if (!Files.exists(experiment.workspace().knowledge())) {
      throw new MsrException(
          ErrorType.USER,
          "knowledge/NOT_EXTRACTED",
          "There is no knowledge in %s. Run `llm4msr knowledge extract %s` first."
              .formatted(experiment.workspace().knowledge(), experiment.config().shellWord()));
    }
    return KnowledgeStore.open(experiment.workspace().knowledge());
  }

  /** Opens the knowledge from before each period of the training part; null for one period. */
  static @Nullable EarlierKnowledge earlier(
      Experiment experiment, PreparedData data, ControlledKnowledge whole, int count) {
    if (count == 1) {
      return null;
    }
    Periods periods = new Periods(data.manifest().rows().train(), count);
    List<KnowledgeSource> users =
        IntStream.range(1, count)
            .mapToObj(period -> experiment.workspace().knowledgeBefore(period, count))
            .map(KnowledgeStore::open)
            .map(store -> compatible(whole.store(), store, data))
            .map(before -> whole.level(Level.USER, before))
            .toList();
    return new EarlierKnowledge(periods, users);
  }

  private static KnowledgeSource compatible(
      KnowledgeStore whole, KnowledgeStore store, PreparedData data) {
    store.requireSource(data.manifest().key(), false);
    boolean otherModel = !store.info().isMadeAs(whole.info());
    List<String> differences = KnowledgeSettings.differencesOfPrompts(whole.info(), store.info());
    if (otherModel || !differences.isEmpty()) {
      throw new MsrException(
          ErrorType.USER,
          "knowledge/STORE_MISMATCH",
          "The knowledge in %s was extracted with %s than that in %s%s. Run `llm4msr knowledge extract` again, with --rebuild."
              .formatted(
                  store.folder(),
                  otherModel ? "another model or template" : "other settings",
                  whole.folder(),
                  differences.isEmpty() ? "" : ": " + String.join("; ", differences)));
    }
    return store.users();
  }

  static KnowledgeInspection.Neighbourhood nearest(
      Experiment experiment, Level level, String key, int count) {
    KnowledgeStore store = store(experiment);
    try (PreparedData data = experiment.openPrepared()) {
      store.requireSource(data.manifest().key(), false);
      return inspect(experiment, store, data, inspection -> inspection.nearest(level, key, count));
    }
  }

  /** Answers a question about a store that was filled from this data. */
  static <T> T inspect(
      Experiment experiment,
      KnowledgeStore store,
      PreparedData data,
      Function<KnowledgeInspection, T> question) {
    config(experiment); // Without one there are no prompts.
    boolean isOurs = !store.info().settings().isEmpty();
    if (isOurs && !store.info().template().equals(templateHash(experiment))) {
      LOG.warn(
          "The prompts that are shown are those of the present template; {} was filled with"
              + " another.",
          store.folder());
    }
    try (Scratch scratch = scratch(experiment)) {
      TrainingLog log = log(experiment, store.info().leakFutureInteractions(), data, scratch);
      return question.apply(new KnowledgeInspection(store, log, prompts(experiment)));
    }
  }

  /** Returns the rows for prompts: the training part, except in experiments on leakage. */
  private static TrainingLog log(
      Experiment experiment, boolean leaks, PreparedData data, Scratch scratch) {
    if (leaks) {
      return rows(experiment, scratch, 0).leaky();
    }
    return config(experiment).prompts().positive() == null
        ? data.trainingLog()
        : rows(experiment, scratch, 0).oldest(data.manifest().rows().train());
  }

  /** Returns the maker of a log, with a folder of its own. */
  private static RowsLog rows(Experiment experiment, Scratch scratch, int number) {
    String positive = config(experiment).prompts().positive();
    return new RowsLog(
        experiment.workspace().prepared(),
        scratch.scratch().resolve("log-" + number),
        scratch.memoryBytes(),
        scratch.threads(),
        positive == null ? RawSchema.LABEL : positive);
  }

  private static Scratch scratch(Experiment experiment) {
    return experiment.config().config().runtime().scratch(experiment.config().base());
  }

  @Override
  public void close() {
    try {
      encoder.close();
    } finally {
      encoderContext.close();
      scratch.close();
      data.close();
    }
  }
}
