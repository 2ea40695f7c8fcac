package org.llm4msr.runtime;

import java.nio.file.Files;
import java.time.Duration;
import java.util.function.Consumer;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Progress;
import org.llm4msr.api.knowledge.KnowledgeEncoder;
import org.llm4msr.api.knowledge.KnowledgeEncoderFactory;
import org.llm4msr.api.knowledge.PromptBuilderFactory;
import org.llm4msr.api.knowledge.ScenarioPromptBuilder;
import org.llm4msr.api.model.Level;
import org.llm4msr.runtime.config.KnowledgeConfig;
import org.llm4msr.runtime.config.PluginChoice;
import org.llm4msr.runtime.config.RuntimeConfig;
import org.llm4msr.runtime.data.LeakyLog;
import org.llm4msr.runtime.data.PreparedData;
import org.llm4msr.runtime.data.TrainingLog;
import org.llm4msr.runtime.knowledge.ExtractionResult;
import org.llm4msr.runtime.knowledge.KnowledgeExtractor;
import org.llm4msr.runtime.knowledge.KnowledgeInspection;
import org.llm4msr.runtime.knowledge.KnowledgeStore;
import org.llm4msr.runtime.knowledge.PromptPreview;
import org.llm4msr.runtime.plugins.ContextLoader;
import org.llm4msr.runtime.plugins.InContext;

/** Prompts and language model of one experiment, held open while one command works with them. */
final class KnowledgeStage implements AutoCloseable {

  /** Language models are slow: more is not to be lost to a kill, however rare checkpoints are. */
  private static final Duration STORE_EVERY = Duration.ofSeconds(20);

  private final Experiment experiment;
  private final PreparedData data;
  private final Scratch scratch;
  private final KnowledgeEncoder encoder;
  private final KnowledgeExtractor extractor;

  private KnowledgeStage(
      Experiment experiment, KnowledgeConfig config, PreparedData data, Scratch scratch) {
    this.experiment = experiment;
    this.data = data;
    this.scratch = scratch;
    this.encoder = encoder(config.encoder(), scratch);
    this.extractor =
        new KnowledgeExtractor(
            log(experiment, config.prompts().leakFutureInteractions(), data, scratch),
            data.manifest().key(),
            prompts(config.prompts().builder(), experiment),
            encoder,
            new KnowledgeExtractor.Settings(
                config.minInteractions(),
                config.prompts().leakFutureInteractions(),
                config.precision(),
                KnowledgeSettings.of(config)),
            storeEvery(experiment.config().config().runtime()));
  }

  private static Duration storeEvery(RuntimeConfig config) {
    Duration checkpoints = config.checkpointEvery();
    return checkpoints.isZero() || checkpoints.compareTo(STORE_EVERY) > 0
        ? STORE_EVERY
        : checkpoints;
  }

  static KnowledgeStage open(Experiment experiment) {
    KnowledgeConfig config = config(experiment);
    PreparedData data = experiment.openPrepared();
    Scratch scratch = scratch(experiment);
    try {
      return new KnowledgeStage(experiment, config, data, scratch);
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

  @SuppressWarnings("unchecked") // The binder made the configuration for this very factory.
  private static <C extends Record> KnowledgeEncoder encoder(
      PluginChoice<KnowledgeEncoderFactory<?>> choice, Scratch scratch) {
    try (ContextLoader scope = ContextLoader.of(choice.factory())) {
      return InContext.of(
          ((KnowledgeEncoderFactory<C>) choice.factory()).create((C) choice.config(), scratch));
    }
  }

  @SuppressWarnings("unchecked") // As above.
  private static <C extends Record> ScenarioPromptBuilder prompts(
      PluginChoice<PromptBuilderFactory<?>> choice, Experiment experiment) {
    try (ContextLoader scope = ContextLoader.of(choice.factory())) {
      return InContext.of(
          ((PromptBuilderFactory<C>) choice.factory())
              .create((C) choice.config(), experiment.config().base()));
    }
  }

  /** Fills the store; {@code started} gets what stops it. */
  ExtractionResult extract(boolean rebuild, Consumer<Runnable> started, Progress progress) {
    started.accept(extractor::requestStop);
    return extractor.extract(experiment.workspace().knowledge(), rebuild, progress);
  }

  PromptPreview preview(int count) {
    return extractor.preview(count);
  }

  /** Returns the hash of the configured prompt template, as {@code store.json} has it. */
  static String templateHash(Experiment experiment, KnowledgeConfig config) {
    return KnowledgeExtractor.templateHash(prompts(config.prompts().builder(), experiment));
  }

  /** Opens the store of an experiment. */
  static KnowledgeStore store(Experiment experiment) {
    if (!Files.exists(experiment.workspace().knowledge())) {
      throw new MsrException(
          ErrorType.USER,
          "knowledge/NOT_EXTRACTED",
          "There is no knowledge in %s. Run `llm4msr knowledge extract %s` first."
              .formatted(experiment.workspace().knowledge(), experiment.config().file()));
    }
    return KnowledgeStore.open(experiment.workspace().knowledge());
  }

  static KnowledgeInspection.Neighbourhood nearest(
      Experiment experiment, Level level, String key, int count) {
    KnowledgeStore store = store(experiment);
    try (PreparedData data = experiment.openPrepared();
        Scratch scratch = scratch(experiment)) {
      store.requireSource(data.manifest().key());
      TrainingLog log = log(experiment, store.info().leakFutureInteractions(), data, scratch);
      ScenarioPromptBuilder prompts = prompts(config(experiment).prompts().builder(), experiment);
      return new KnowledgeInspection(store, log, prompts).nearest(level, key, count);
    }
  }

  /** Returns the rows that prompts are made of: the training part, but for one experiment. */
  private static TrainingLog log(
      Experiment experiment, boolean leaks, PreparedData data, Scratch scratch) {
    return leaks
        ? LeakyLog.of(
            experiment.workspace().prepared(),
            scratch.scratch(),
            scratch.memoryBytes(),
            scratch.threads())
        : data.trainingLog();
  }

  private static Scratch scratch(Experiment experiment) {
    return Scratch.of(experiment.config().base(), experiment.config().config().runtime());
  }

  @Override
  public void close() {
    try {
      encoder.close();
    } finally {
      scratch.close();
      data.close();
    }
  }
}
