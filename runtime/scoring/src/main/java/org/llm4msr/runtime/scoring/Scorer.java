package org.llm4msr.runtime.scoring;

import com.google.inject.Module;
import jakarta.inject.Inject;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Consumer;
import java.util.function.Function;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.assembly.InferenceModel;
import org.llm4msr.runtime.assembly.Wiring;
import org.llm4msr.runtime.bundle.Bundle;
import org.llm4msr.runtime.bundle.BundleManifest;
import org.llm4msr.runtime.bundle.BundleModel;
import org.llm4msr.runtime.bundle.PluginStamps;
import org.llm4msr.runtime.config.ModelPart;
import org.llm4msr.runtime.config.ScoringConfig;
import org.llm4msr.runtime.config.loading.ConfigLoader;
import org.llm4msr.runtime.config.loading.EffectiveConfig;
import org.llm4msr.runtime.data.arrow.OpenPackages;
import org.llm4msr.runtime.data.rows.RawRows;
import org.llm4msr.runtime.data.rows.RowEncoder;
import org.llm4msr.runtime.data.rows.RowException;
import org.llm4msr.runtime.data.rows.ScoringColumn;
import org.llm4msr.runtime.engine.EngineFeatures;
import org.llm4msr.runtime.engine.TensorEngine;
import org.llm4msr.runtime.files.Scratch;
import org.llm4msr.runtime.knowledge.store.KnowledgeStore;
import org.llm4msr.runtime.knowledge.store.StoreInfo;
import org.llm4msr.runtime.plugins.PluginRegistry;

/**
 * Scores rows of raw ids with the model of a bundle: probabilities of label 1, those of {@link
 * Experiment#evaluate}. Safe for use by several threads, which score at once on PyTorch and in turn
 * on MXNet. A row's score does not depend on the other rows, except for rounding: products over
 * different numbers of rows differ by up to about 1e-6.
 *
 * <pre>{@code
 * try (Scorer scorer = Scorer.load(Path.of("work/runs/default/bundle"))) {
 *   float[] p = scorer.score(List.of(Map.of("user", 17, "item", "a4", "scenario", "feed")));
 * }
 * }</pre>
 */
public final class Scorer implements AutoCloseable {

  private final Bundle bundle;
  private final ScoringConfig config;
  private volatile RowEncoder encoder;
  private volatile String newItems = "";
  private final TensorEngine engine;
  private final InferenceModel model;
  private final ReadWriteLock open = new ReentrantReadWriteLock();
  private boolean closed;

  @Inject
  Scorer(
      Bundle bundle,
      ScoringConfig config,
      RowEncoder encoder,
      TensorEngine engine,
      InferenceModel model) {
    this.bundle = bundle;
    this.config = config;
    this.encoder = encoder;
    this.engine = engine;
    this.model = model;
  }

  /**
   * Checks every byte of a bundle and loads its model with the plugins of the class path.
   *
   * @param overrides {@code key.path=value} each, of the sections {@code runtime} and {@code model}
   * @throws MsrException {@code bundle/DAMAGED} with the file; {@code config/INVALID} if a plugin
   *     is missing; {@code plugin/UNSUPPORTED} if the engine lacks a feature that one needs; {@code
   *     engine/NOT_LOADED}; {@code jvm/NOT_OPEN} if the JVM lacks an option
   */
  public static Scorer load(Path bundle, String... overrides) {
    return load(bundle, List.of(overrides), ConfigLoader.standard(PluginRegistry.load()));
  }

  /**
   * Loads a bundle with the plugins that a loader knows.
   *
   * @param replacements replace bindings of {@link EngineModule} and {@link ModelModule}
   */
  public static Scorer load(
      Path folder, List<String> overrides, ConfigLoader loader, Module... replacements) {
    OpenPackages.require();
    Bundle bundle = Bundle.open(folder);
    ScoringConfig stated = BundleModel.config(bundle, overrides, loader);
    Wiring wiring = Wiring.of(new ScoringModule(bundle, stated), List.of(replacements));
    ScoringConfig config = wiring.get(ScoringConfig.class);
    List<ModelPart> parts = ModelPart.of(config.model());
    parts.forEach(part -> EngineFeatures.require(config.runtime().engine(), part.choice()));
    PluginStamps.warnOfOthers(folder, bundle.manifest().plugins(), parts);
    try {
      return wiring.get(Scorer.class);
    } catch (MsrException e) {
      boolean isOther =
          e.type() == ErrorType.DATA
              && overrides.stream().anyMatch(override -> override.startsWith("model."));
      throw isOther ? otherModel(folder, e) : e;
    }
  }

  /** Every byte of the bundle was checked, so it is the override that does not fit. */
  private static MsrException otherModel(Path folder, MsrException cause) {
    return new MsrException(
        ErrorType.USER,
        "bundle/OTHER_MODEL",
        "%s holds the weights of a model other than the one that -D sets: %s Undo what -Dmodel... changes."
            .formatted(folder, cause.text()),
        cause);
  }

  /**
   * Has items that the bundle does not know read the vectors of a knowledge store. A row that
   * brings a vector of its own reads that.
   *
   * @param folder a complete store that the language model of the bundle has filled
   * @throws MsrException {@code knowledge/STORE_MISMATCH} if another model, or another template,
   *     has filled it; {@code score/NO_ITEMS} if the model reads no items
   */
  public void readNewItems(Path folder) {
    if (!config.readsItems()) {
      throw new MsrException(
          ErrorType.USER,
          "score/NO_ITEMS",
          "The model of %s reads no knowledge of items, so the store %s is of no use. Leave it out, or train a model with model.itemKnowledge or model.coldItems."
              .formatted(bundle.folder(), folder));
    }
    StoreInfo own = bundle.knowledge().info();
    KnowledgeStore store = KnowledgeStore.open(folder);
    if (!own.isMadeAs(store.info())) {
      throw new MsrException(
          ErrorType.USER,
          "knowledge/STORE_MISMATCH",
          "The knowledge in %s was not extracted as that of the bundle %s: %s. Extract it with the settings of the bundle."
              .formatted(
                  folder, bundle.folder(), String.join("; ", own.differences(store.info()))));
    }
    encoder = encoder.with(BundleModel.itemVectors(bundle, store.items()));
    newItems = store.info().content(true);
  }

  /** Returns the manifest of the bundle. */
  public BundleManifest manifest() {
    return bundle.manifest();
  }

  /** Returns the columns that rows have or may have. */
  public List<ScoringColumn> columns() {
    return encoder.columns();
  }

  /**
   * Scores rows given as maps from column to value: texts, numbers, booleans, lists of them, null.
   * If a row lacks a column of {@link #columns} that is not required, the value stored with its
   * user or item counts.
   *
   * @throws MsrException {@code data/MISSING_COLUMN}, {@code data/UNKNOWN_SCENARIO}, {@code
   *     data/BAD_VALUE} with row and value; {@code score/CLOSED} after {@link #close}; {@code
   *     engine/INTERRUPTED} if the thread is interrupted before the model has read all rows
   */
  public float[] score(List<? extends Map<String, ?>> rows) {
    return rows.isEmpty() ? new float[0] : score(RawRows.of(rows), 0, null);
  }

  /**
   * Scores the rows that can be read, as {@link #score(List)}; the others get NaN.
   *
   * @param malformed gets why they cannot be read, in their order
   */
  public float[] score(
      List<? extends Map<String, ?>> rows, Consumer<? super RowException> malformed) {
    return rows.isEmpty() ? new float[0] : score(RawRows.of(rows), 0, malformed);
  }

  /**
   * Scores the rows of an Arrow batch; ids of any integer or text type.
   *
   * @throws MsrException as {@link #score(List)}; {@code data/DICTIONARY} and {@code data/TIME} for
   *     columns of such types; a timestamp is allowed as {@code time}
   */
  public float[] score(VectorSchemaRoot rows) {
    return score(RawRows.of(rows), 0, null);
  }

  /**
   * Scores the rows of an Arrow batch that can be read, as {@link #score(VectorSchemaRoot)}; the
   * others get NaN.
   *
   * @param malformed gets why they cannot be read, in their order
   */
  public float[] score(VectorSchemaRoot rows, Consumer<? super RowException> malformed) {
    return score(RawRows.of(rows), 0, malformed);
  }

  /**
   * Scores rows, wherever they were read.
   *
   * @param first number of the first, for error texts
   * @param malformed gets why rows cannot be read, which then have NaN; null if the first of them
   *     is an error
   * @throws MsrException as {@link #score(List)}
   */
  public float[] score(
      RawRows rows, long first, @Nullable Consumer<? super RowException> malformed) {
    return whileOpen(batches -> batches.score(rows, first, malformed));
  }

  /** Returns the names of the further labels that the model learns. */
  public List<String> labels() {
    return model.labels().names();
  }

  /** Scores rows by all labels, as {@link #score(RawRows, long, Consumer)} by the main one. */
  public RowScores scoreLabels(
      RawRows rows, long first, @Nullable Consumer<? super RowException> malformed) {
    return whileOpen(batches -> batches.scoreLabels(rows, first, malformed));
  }

  private <T> T whileOpen(Function<RowBatches, T> scoring) {
    open.readLock().lock();
    try {
      if (closed) {
        throw new MsrException(
            ErrorType.USER, "score/CLOSED", "The scorer of " + bundle.folder() + " is closed.");
      }
      return scoring.apply(new RowBatches(encoder, model, config.batchSize()));
    } finally {
      open.readLock().unlock();
    }
  }

  /**
   * Scores a file as a stream; a job that was stopped or killed continues.
   *
   * @param progress gets the number of rows
   */
  public ScoringReport score(ScoringRequest request, Progress progress) {
    try (Scratch scratch = config.runtime().scratch(Path.of(""))) {
      String identity =
          String.join(
              " ",
              bundle.digest(),
              config.runtime().engine(),
              engine.deviceName(),
              EffectiveConfig.identity(config.model()),
              config.missing().toString(),
              config.missingItem().toString(),
              newItems);
      boolean leaks = manifest().leakFutureInteractions();
      return new FileScoring(this::scoreLabels, columns(), request, labels(), leaks)
          .run(identity, scratch.scratch(), progress);
    }
  }

  /**
   * Waits for rows that are being scored, interrupted or not, and releases the model. May be called
   * again.
   */
  @Override
  public void close() {
    open.writeLock().lock();
    try {
      if (!closed) {
        closed = true;
        try (engine;
            model) {
          // Closed in the reverse order of creation.
        }
      }
    } finally {
      open.writeLock().unlock();
    }
  }
}
