package org.llm4msr.serving.ranker;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.knowledge.EncoderInfo;
import org.llm4msr.api.model.Level;
import org.llm4msr.runtime.assembly.InferenceModel;
import org.llm4msr.runtime.bundle.Bundle;
import org.llm4msr.runtime.bundle.BundleManifest;
import org.llm4msr.runtime.bundle.BundleModel;
import org.llm4msr.runtime.config.ScoringConfig;
import org.llm4msr.runtime.config.loading.ConfigLoader;
import org.llm4msr.runtime.data.arrow.OpenPackages;
import org.llm4msr.runtime.data.prepared.FieldSource;
import org.llm4msr.runtime.data.rows.RawRows;
import org.llm4msr.runtime.data.rows.RowEncoder;
import org.llm4msr.runtime.data.rows.RowValues;
import org.llm4msr.runtime.data.rows.ScoringColumn;
import org.llm4msr.runtime.data.rows.ValueCheck;
import org.llm4msr.runtime.data.rows.ValueCounts;
import org.llm4msr.runtime.engine.TensorEngine;
import org.llm4msr.runtime.knowledge.store.StoreInfo;
import org.llm4msr.runtime.plugins.PluginRegistry;
import org.llm4msr.runtime.scoring.RowBatches;
import org.llm4msr.runtime.scoring.RowScores;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ranks the items of requests with the model of a bundle, each request on the thread that calls, so
 * that several threads rank at once. What a request shares is looked up once: the user, the
 * scenario and the context. Probabilities are those of {@link
 * org.llm4msr.runtime.scoring.Scorer#score} in float32, within 1e-5.
 *
 * <p>A bundle that is not compiled is served by the engine that trained it, more slowly; the log
 * says so, and {@link #isCompiled} is false.
 *
 * <pre>{@code
 * try (Ranker ranker = Ranker.open(Path.of("compiled-bundle"))) {
 *   RankResult result =
 *       ranker.rank(new RankRequest(17, "feed", List.of(new RankItem("a4"), new RankItem("b7"))));
 *   int first = result.best(1)[0];
 * }
 * }</pre>
 */
public final class Ranker implements AutoCloseable {

  /** The code of errors after {@link #close}. */
  public static final String CLOSED = "rank/CLOSED";

  private static final Logger LOG = LoggerFactory.getLogger(Ranker.class);

  private static final int ROWS_AT_ONCE = 4096;

  private final Bundle bundle;
  private final TensorEngine engine;
  private final InferenceModel model;
  private final RowEncoder encoder;
  private final @Nullable CompiledModel compiled;
  private final Map<String, ValueCounts> counts;
  private final KnowledgeWidths widths;
  private final ValueCheck valueCheck;
  private final @Nullable FittingVectors vectors;
  private final RowValues values;
  private final RequestExplainer explainer;
  private final WeightCache weights;
  private final ItemCache items;
  private final ConcurrentLinkedDeque<RowScorer> idle = new ConcurrentLinkedDeque<>();
  private final ReadWriteLock open = new ReentrantReadWriteLock();
  private final LongAdder requests = new LongAdder();
  private final LongAdder unknownUsers = new LongAdder();
  private final LongAdder ranked = new LongAdder();
  private final LongAdder unknown = new LongAdder();
  private final LongAdder malformed = new LongAdder();
  private boolean closed;

  private Ranker(
      Bundle bundle,
      TensorEngine engine,
      InferenceModel model,
      RowEncoder encoder,
      @Nullable CompiledModel compiled,
      String head,
      RankerSettings settings) {
    this.bundle = bundle;
    this.engine = engine;
    this.model = model;
    widths = KnowledgeWidths.of(bundle, model);
    vectors = settings.vectors() == null ? null : new FittingVectors(settings.vectors(), widths);
    this.encoder = vectors == null ? encoder : encoder.with(vectors);
    valueCheck = encoder.valueCheck();
    counts = encoder.newCounts();
    values = encoder.values();
    explainer = new RequestExplainer(this.encoder, model, values, head, bundle.digest());
    this.compiled = compiled;
    weights = new WeightCache(settings.weightBytes());
    items = new ItemCache(settings.itemBytes());
  }

  /** Opens a bundle with the plugins of the class path. */
  public static Ranker open(Path bundle) {
    return open(bundle, RankerSettings.STANDARD, ConfigLoader.standard(PluginRegistry.load()));
  }

  /**
   * Checks every byte of a bundle and loads its model.
   *
   * @param loader knows the plugins
   * @param overrides {@code key.path=value} each, of the sections {@code runtime} and {@code model}
   * @throws MsrException as {@link org.llm4msr.runtime.scoring.Scorer#load}
   */
  public static Ranker open(
      Path folder, RankerSettings settings, ConfigLoader loader, String... overrides) {
    OpenPackages.require();
    Bundle bundle = Bundle.open(folder);
    List<String> all = new ArrayList<>(List.of("runtime.threads=1"));
    if (CompiledModel.isIn(folder)) {
      all.addAll(List.of("scoring.precision=float32", "runtime.device=cpu"));
    }
    all.addAll(List.of(overrides));
    ScoringConfig config = BundleModel.config(bundle, all, loader);
    RowEncoder encoder = BundleModel.encoder(bundle, config);
    TensorEngine engine = TensorEngine.open(config.runtime());
    InferenceModel model = null;
    try {
      model = BundleModel.load(bundle, config, encoder, engine);
      String head = config.model().fusion().name();
      return new Ranker(bundle, engine, model, encoder, compiled(bundle, encoder), head, settings);
    } catch (RuntimeException | Error e) {
      try (engine;
          InferenceModel unused = model) {
        throw e;
      }
    }
  }

  private static @Nullable CompiledModel compiled(Bundle bundle, RowEncoder encoder) {
    if (CompiledModel.isIn(bundle.folder())) {
      return new CompiledModel(bundle.folder(), encoder.manifest().users());
    }
    LOG.warn(
        "{} is not compiled, so the engine that trained the model serves it, more slowly. Compile it: llm4msr compile {} --out FOLDER",
        bundle.folder(),
        bundle.folder());
    return null;
  }

  /** Returns whether the graphs of a compiled bundle serve, and not the engine. */
  public boolean isCompiled() {
    return compiled != null;
  }

  /** Returns the names of the further labels that the model learns, in the order of results. */
  public List<String> labels() {
    return model.labels().names();
  }

  /** Returns the keys of the scenarios. */
  public List<String> scenarios() {
    return encoder.manifest().scenarioKeys();
  }

  /**
   * Returns how many numbers a vector of a level has that counts in place of the bundle's; 0 where
   * the model reads no knowledge of that level.
   */
  public int vectorSize(Level level) {
    return widths.of(level);
  }

  /** Returns whether the knowledge of the bundle was made with an encoder. */
  public boolean isOf(EncoderInfo info) {
    StoreInfo.Encoder stored = bundle.hasKnowledge() ? bundle.knowledge().info().encoder() : null;
    return stored != null
        && stored.model().equals(info.model())
        && stored.checksum().equals(info.checksum())
        && stored.state().equals(info.state())
        && stored.dimension() == info.dimension();
  }

  /** Returns what tells which values of requests can be read. Safe for several threads. */
  public ValueCheck valueCheck() {
    return valueCheck;
  }

  /**
   * Scores the items of a request. An item that is not known is scored as such; one that cannot be
   * read has an error of its own.
   *
   * @throws MsrException {@code data/UNKNOWN_SCENARIO}, {@code data/BAD_VALUE} and {@code
   *     data/VECTOR_SIZE} for what the items share; {@code data/MISSING_COLUMN} if neither the
   *     context nor an item brings what the model needs; {@code rank/DEADLINE}; {@code rank/CLOSED}
   *     after {@link #close}
   */
  public RankResult rank(RankRequest request) {
    open.readLock().lock();
    try {
      requireOpen();
      RankResult result = newResult(request);
      RowScorer last = idle.pollFirst();
      RowScorer scorer = last == null ? scorer(counts) : last;
      try {
        scorer.score(request, result);
      } finally {
        idle.addFirst(scorer);
      }
      requests.increment();
      unknownUsers.add(result.isUserKnown() ? 0 : 1);
      ranked.add(result.size());
      unknown.add(result.count(ItemStatus.UNKNOWN));
      malformed.add(result.count(ItemStatus.MALFORMED));
      return result;
    } finally {
      open.readLock().unlock();
    }
  }

  /**
   * Explains the scores of a request, on the engine that trained the model: more slowly than it is
   * ranked. An item that cannot be read has no explanation.
   *
   * @throws MsrException as {@link #rank}; {@code explain/TERMS} if the terms of the fusion head
   *     are wrong
   */
  public RankExplanation explain(RankRequest request) {
    open.readLock().lock();
    try {
      requireOpen();
      return explainer.explain(request);
    } finally {
      open.readLock().unlock();
    }
  }

  /** Returns what tells the values that the model reads of requests; also after {@link #close}. */
  public RowValues values() {
    return values;
  }

  /**
   * Scores the rows of an Arrow batch, of any users and scenarios, on the engine that trained the
   * model.
   *
   * @return the probability of each row
   * @throws MsrException as {@link org.llm4msr.runtime.scoring.Scorer#score(VectorSchemaRoot)};
   *     {@code rank/CLOSED} after {@link #close}
   */
  public float[] score(VectorSchemaRoot rows) {
    return scoreLabels(rows).scores();
  }

  /** Scores the rows of an Arrow batch by all labels, otherwise as {@link #score}. */
  public RowScores scoreLabels(VectorSchemaRoot rows) {
    open.readLock().lock();
    try {
      requireOpen();
      return new RowBatches(encoder, model, ROWS_AT_ONCE).scoreLabels(RawRows.of(rows), 0, null);
    } finally {
      open.readLock().unlock();
    }
  }

  /**
   * Ranks requests of known users and items for a while, so that the first that come take no longer
   * than others. They are not counted.
   *
   * @return how many were ranked
   * @throws MsrException {@code rank/CLOSED} after {@link #close}
   */
  public int warmUp(Duration time) {
    return warmUp(time, List.of());
  }

  /**
   * Ranks given requests for a while, by turns, as {@link #warmUp(Duration)} does with drawn ones.
   * Those that the model cannot rank are left out.
   *
   * @param given drawn ones take their place where there are none
   */
  public int warmUp(Duration time, List<RankRequest> given) {
    open.readLock().lock();
    try {
      requireOpen();
      return new WarmUp(given, new DrawnRequests(encoder)).run(scorer(Map.of()), time);
    } finally {
      open.readLock().unlock();
    }
  }

  /** Returns drawn requests, as {@link #warmUp} ranks them; the same at each call. */
  public List<RankRequest> drawn(int count) {
    DrawnRequests drawn = new DrawnRequests(encoder);
    return IntStream.range(0, count).mapToObj(drawn::request).toList();
  }

  /** Ranks requests that are not counted. */
  List<RankResult> rankUncounted(List<RankRequest> all) {
    open.readLock().lock();
    try {
      requireOpen();
      RowScorer scorer = scorer(Map.of());
      List<RankResult> results = new ArrayList<>();
      for (RankRequest request : all) {
        RankResult result = newResult(request);
        scorer.score(request, result);
        results.add(result);
      }
      return results;
    } finally {
      open.readLock().unlock();
    }
  }

  private RankResult newResult(RankRequest request) {
    return new RankResult(request.items().size(), labels());
  }

  private void requireOpen() {
    if (closed) {
      throw new MsrException(
          ErrorType.USER, CLOSED, "The ranker is closed. Open the bundle again.");
    }
  }

  private RowScorer scorer(Map<String, ValueCounts> counted) {
    int users = encoder.userKeys().size();
    int known = encoder.itemKeys().size();
    return compiled == null
        ? new EngineScorer(model, encoder.requests(counted), users, known)
        : new GraphScorer(
            compiled, model, encoder.requests(counted), weights, items, vectors, users, known);
  }

  /** Returns the columns that the context of requests, or their items, must have. */
  public Set<String> requiredColumns() {
    return encoder.columns().stream()
        .filter(column -> column.required() && !FieldSource.IDS.contains(column.name()))
        .map(ScoringColumn::name)
        .collect(Collectors.toSet());
  }

  /** Returns what was done until now. */
  public RankerStats stats() {
    return new RankerStats(
        requests.sum(),
        unknownUsers.sum(),
        ranked.sum(),
        unknown.sum(),
        malformed.sum(),
        weights.hits(),
        items.hits());
  }

  /** Returns what requests brought of each field with a vocabulary, by name. */
  public Map<String, ValueCounts> valueCounts() {
    return Collections.unmodifiableMap(counts);
  }

  /** Returns the manifest of the bundle. */
  public BundleManifest manifest() {
    return bundle.manifest();
  }

  /** Returns the digest of the bundle; equal digests mean equal bundles. */
  public String digest() {
    return bundle.digest();
  }

  /** Waits for requests and releases the model. May be called again. */
  @Override
  public void close() {
    open.writeLock().lock();
    try {
      if (!closed) {
        closed = true;
        weights.close();
        try (engine;
            model;
            CompiledModel unused = compiled) {
          // Closed in the reverse order of creation.
        }
      }
    } finally {
      open.writeLock().unlock();
    }
  }
}
