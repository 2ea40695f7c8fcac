package org.llm4msr.serving.ranker;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.LongSupplier;
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
import org.llm4msr.runtime.data.rows.RequestEncoder;
import org.llm4msr.runtime.data.rows.RowEncoder;
import org.llm4msr.runtime.data.rows.RowValues;
import org.llm4msr.runtime.data.rows.ScoringColumn;
import org.llm4msr.runtime.data.rows.ValueCheck;
import org.llm4msr.runtime.data.rows.ValueCounts;
import org.llm4msr.runtime.engine.TensorEngine;
import org.llm4msr.runtime.knowledge.store.StoreInfo;
import org.llm4msr.runtime.knowledge.vectors.FreshVectors;
import org.llm4msr.runtime.knowledge.vectors.KeyVectors;
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
public final class Ranker implements RankingModel {

  private static final Logger LOG = LoggerFactory.getLogger(Ranker.class);

  private static final int ROWS_AT_ONCE = 4096;

  private final Bundle bundle;
  private final TensorEngine engine;
  private final InferenceModel model;
  private final RowEncoder encoder;
  private final @Nullable CompiledModel compiled;
  private final Map<String, ValueCounts> counts;
  private final ValueCheck valueCheck;
  private final RowValues values;
  private final RequestExplainer explainer;
  private final LongSupplier ticker;
  private final WeightCache weights;
  private final ItemCache items;
  private final ConcurrentLinkedDeque<RowScorer> idle = new ConcurrentLinkedDeque<>();
  private final ReadWriteLock open = new ReentrantReadWriteLock();
  private final LongAdder requests = new LongAdder();
  private final LongAdder unknownUsers = new LongAdder();
  private final LongAdder ranked = new LongAdder();
  private final LongAdder unknown = new LongAdder();
  private final LongAdder malformed = new LongAdder();
  private final Map<Level, Optional<VectorNorms>> norms = new ConcurrentHashMap<>();
  private volatile RankerStats forgotten = RankerStats.NONE;
  private boolean closed;

  private Ranker(
      Bundle bundle,
      TensorEngine engine,
      InferenceModel model,
      RowEncoder encoder,
      @Nullable CompiledModel compiled,
      String head,
      RankerSettings settings,
      LongSupplier ticker) {
    this.bundle = bundle;
    this.engine = engine;
    this.model = model;
    FreshVectors fresh = settings.vectors();
    this.encoder =
        fresh == null ? encoder : encoder.with(new KeyVectors(model.vectorSizes(), fresh, null));
    valueCheck = encoder.valueCheck();
    counts = encoder.newCounts();
    values = encoder.values();
    this.ticker = ticker;
    explainer =
        new RequestExplainer(
            this.encoder, model, values, head, bundle.digest(), new Deadline(ticker));
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
      CompiledModel compiled = compiled(bundle, encoder);
      return new Ranker(bundle, engine, model, encoder, compiled, head, settings, System::nanoTime);
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

  @Override
  public boolean isCompiled() {
    return compiled != null;
  }

  @Override
  public List<String> labels() {
    return model.labels().names();
  }

  @Override
  public List<String> scenarios() {
    return encoder.manifest().scenarioKeys();
  }

  @Override
  public int vectorSize(Level level) {
    return model.vectorSizes().getOrDefault(level, 0);
  }

  @Override
  public @Nullable VectorNorms vectorNorms(Level level) {
    return norms.computeIfAbsent(level, this::readNorms).orElse(null);
  }

  private Optional<VectorNorms> readNorms(Level level) {
    return vectorSize(level) == 0 || !bundle.hasKnowledge()
        ? Optional.empty()
        : Optional.ofNullable(VectorNorms.of(bundle.knowledge().level(level)));
  }

  @Override
  public boolean isOf(EncoderInfo info) {
    StoreInfo.Encoder stored = bundle.hasKnowledge() ? bundle.knowledge().info().encoder() : null;
    return stored != null
        && stored.model().equals(info.model())
        && stored.checksum().equals(info.checksum())
        && stored.state().equals(info.state())
        && stored.dimension() == info.dimension();
  }

  @Override
  public ValueCheck valueCheck() {
    return valueCheck;
  }

  @Override
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

  @Override
  public RankExplanation explain(RankRequest request) {
    open.readLock().lock();
    try {
      requireOpen();
      return explainer.explain(request);
    } finally {
      open.readLock().unlock();
    }
  }

  @Override
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

  @Override
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

  @Override
  public int warmUp(Duration time, List<RankRequest> given) {
    open.readLock().lock();
    try {
      requireOpen();
      return new WarmUp(given, new DrawnRequests(encoder)::request, ticker)
          .run(scorer(Map.of()), time);
    } finally {
      open.readLock().unlock();
    }
  }

  @Override
  public List<RankRequest> drawn(int count) {
    DrawnRequests drawn = new DrawnRequests(encoder);
    return IntStream.range(0, count).mapToObj(drawn::request).toList();
  }

  @Override
  public List<RankResult> rankUncounted(List<RankRequest> all) {
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
    RequestEncoder rows = encoder.requests(counted);
    Deadline deadline = new Deadline(ticker);
    return compiled == null
        ? new EngineScorer(model, rows, users, known, deadline)
        : new GraphScorer(compiled, model, rows, weights, items, users, known, deadline);
  }

  @Override
  public Set<String> requiredColumns() {
    return encoder.columns().stream()
        .filter(column -> column.required() && !FieldSource.IDS.contains(column.name()))
        .map(ScoringColumn::name)
        .collect(Collectors.toSet());
  }

  @Override
  public void forgetCounts() {
    forgotten = all();
    counts.values().forEach(ValueCounts::forget);
  }

  @Override
  public RankerStats stats() {
    return all().since(forgotten);
  }

  private RankerStats all() {
    return new RankerStats(
        requests.sum(),
        unknownUsers.sum(),
        ranked.sum(),
        unknown.sum(),
        malformed.sum(),
        weights.hits(),
        items.hits());
  }

  @Override
  public Map<String, ValueCounts> valueCounts() {
    return Collections.unmodifiableMap(counts);
  }

  @Override
  public BundleManifest manifest() {
    return bundle.manifest();
  }

  @Override
  public String digest() {
    return bundle.digest();
  }

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
