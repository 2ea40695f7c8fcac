package org.llm4msr.server;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.knowledge.EncoderInfo;
import org.llm4msr.api.model.Level;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.bundle.Bundle;
import org.llm4msr.runtime.bundle.BundleManifest;
import org.llm4msr.runtime.data.prepared.FieldSource;
import org.llm4msr.runtime.data.rows.RawRows;
import org.llm4msr.runtime.data.rows.RequestEncoder;
import org.llm4msr.runtime.data.rows.RowBinding;
import org.llm4msr.runtime.data.rows.RowEncoder;
import org.llm4msr.runtime.data.rows.RowValue;
import org.llm4msr.runtime.data.rows.RowValues;
import org.llm4msr.runtime.data.rows.ScoringColumn;
import org.llm4msr.runtime.data.rows.ValueCheck;
import org.llm4msr.runtime.data.rows.ValueCounts;
import org.llm4msr.runtime.knowledge.vectors.FreshVectors;
import org.llm4msr.runtime.knowledge.vectors.KeyVectors;
import org.llm4msr.runtime.scoring.RowScores;
import org.llm4msr.runtime.scoring.UnknownIds;
import org.llm4msr.runtime.terms.ScoreParts;
import org.llm4msr.serving.ranker.ItemStatus;
import org.llm4msr.serving.ranker.RankExplanation;
import org.llm4msr.serving.ranker.RankItem;
import org.llm4msr.serving.ranker.RankRequest;
import org.llm4msr.serving.ranker.RankResult;
import org.llm4msr.serving.ranker.RankerStats;
import org.llm4msr.serving.ranker.RankingModel;
import org.llm4msr.serving.ranker.VectorNorms;

/**
 * A model without an engine. It reads requests as any model of {@link FakeShop} does, and its
 * probabilities follow from all that it reads by {@link FakeScores}. Ids of users and items tell it
 * nothing: who has the fields and the vector of another is ranked as that one.
 */
public final class FakeModel implements RankingModel {

  /** A file with which a bundle counts as one that the engine serves. */
  static final String ENGINE = "engine";

  private final Bundle folder;
  private final FakeBundle bundle;
  private final RowEncoder encoder;
  private final List<FakeScores> scores = new ArrayList<>();
  private final Map<String, ValueCounts> counts;
  private final LongAdder requests = new LongAdder();
  private final LongAdder unknownUsers = new LongAdder();
  private final ReadWriteLock open = new ReentrantReadWriteLock();
  private final List<RankRequest> warmedUpWith = new ArrayList<>();
  private volatile Consumer<RankRequest> whenRanked = request -> {};
  private volatile Consumer<VectorSchemaRoot> whenScored = rows -> {};
  private boolean closed;

  private FakeModel(Path path, @Nullable FreshVectors vectors) {
    folder = Bundle.peek(path);
    bundle = FakeBundle.of(folder.manifest());
    Map<Level, Integer> sizes = new EnumMap<>(Level.class);
    for (Level level : Level.values()) {
      sizes.put(level, FakeScores.WIDTH);
    }
    encoder = FakeShop.encoder().with(new KeyVectors(sizes, vectors, null));
    counts = encoder.newCounts();
    for (int label = 0; label <= bundle.labels().size(); label++) {
      scores.add(new FakeScores(bundle.seed() + label, encoder));
    }
  }

  /** Opens the model of a bundle. */
  public static FakeModel open(Path bundle) {
    return new FakeModel(bundle, null);
  }

  /** Opens the model of a bundle with vectors that count in place of those it has. */
  public static FakeModel open(Path bundle, FreshVectors vectors) {
    return new FakeModel(bundle, vectors);
  }

  /** Makes each request call this from now on, before it is ranked. */
  public void whenRanked(Consumer<RankRequest> action) {
    whenRanked = action;
  }

  /** Runs an action with all rows before they are scored. */
  public void whenScored(Consumer<VectorSchemaRoot> action) {
    whenScored = action;
  }

  /** Returns the requests that it was last told to warm up with. */
  public List<RankRequest> warmedUpWith() {
    return List.copyOf(warmedUpWith);
  }

  @Override
  public BundleManifest manifest() {
    return folder.manifest();
  }

  @Override
  public String digest() {
    return folder.digest();
  }

  @Override
  public boolean isCompiled() {
    return !Files.exists(folder.folder().resolve(ENGINE));
  }

  @Override
  public List<String> labels() {
    return bundle.labels();
  }

  @Override
  public List<String> scenarios() {
    return bundle.scenarios();
  }

  @Override
  public Set<String> requiredColumns() {
    return encoder.columns().stream()
        .filter(column -> column.required() && !FieldSource.IDS.contains(column.name()))
        .map(ScoringColumn::name)
        .collect(Collectors.toSet());
  }

  @Override
  public int vectorSize(Level level) {
    return FakeScores.WIDTH;
  }

  @Override
  public VectorNorms vectorNorms(Level level) {
    return new VectorNorms(2, 3);
  }

  @Override
  public boolean isOf(EncoderInfo info) {
    return info.model().equals(FakeEncoder.NAME) && info.dimension() == FakeScores.WIDTH;
  }

  @Override
  public ValueCheck valueCheck() {
    return encoder.valueCheck();
  }

  @Override
  public RowValues values() {
    return encoder.values();
  }

  private <T> T whileOpen(Supplier<T> work) {
    open.readLock().lock();
    try {
      if (closed) {
        throw new MsrException(ErrorType.USER, CLOSED, "The model is closed.");
      }
      return work.get();
    } finally {
      open.readLock().unlock();
    }
  }

  @Override
  public RankResult rank(RankRequest request) {
    return whileOpen(
        () -> {
          whenRanked.accept(request);
          RankResult result = ranked(request, counts);
          requests.increment();
          unknownUsers.add(result.isUserKnown() ? 0 : 1);
          return result;
        });
  }

  @Override
  public List<RankResult> rankUncounted(List<RankRequest> all) {
    return whileOpen(() -> all.stream().map(request -> ranked(request, Map.of())).toList());
  }

  private RankResult ranked(RankRequest request, Map<String, ValueCounts> counted) {
    RankResult result = new RankResult(request.items().size(), labels());
    RequestEncoder rows = encoder.requests(counted);
    Batch shared = begin(rows, request);
    Batch batch = rows.newBatch(1);
    batch.size = 1;
    result.user(shared.user[0] < encoder.userKeys().size());
    result.updated(isUpdated(shared));
    for (int place = 0; place < request.items().size(); place++) {
      RankItem item = request.items().get(place);
      try {
        rows.encode(item.id(), item.fields(), place, batch, 0);
      } catch (MsrException e) {
        result.malformed(place, e);
        continue;
      }
      result.scored(
          place, scores.get(0).probability(batch, 0), batch.item[0] < encoder.itemKeys().size());
      result.labelled(place, further(batch), 0);
      result.updated(batch.isReplaced(Level.ITEM, 0));
    }
    return result;
  }

  private Batch begin(RequestEncoder rows, RankRequest request) {
    Batch shared =
        rows.begin(
            request.user(),
            request.scenario(),
            request.context(),
            column -> request.items().stream().anyMatch(i -> i.fields().containsKey(column)));
    if (!bundle.scenarios().contains(request.scenario())) {
      throw new MsrException(
          ErrorType.DATA,
          "data/UNKNOWN_SCENARIO",
          "There is no '%s'.".formatted(request.scenario()));
    }
    return shared;
  }

  private static boolean isUpdated(Batch shared) {
    return shared.isReplaced(Level.USER, 0) || shared.isReplaced(Level.SCENARIO, 0);
  }

  private float[][] further(Batch batch) {
    float[][] further = new float[labels().size()][batch.size];
    for (int label = 0; label < further.length; label++) {
      for (int row = 0; row < further[label].length; row++) {
        further[label][row] = scores.get(1 + label).probability(batch, row);
      }
    }
    return further;
  }

  /** The only term is the whole logit. */
  @Override
  public RankExplanation explain(RankRequest request) {
    return whileOpen(
        () -> {
          RankResult result = ranked(request, Map.of());
          List<RankExplanation.@Nullable ItemPart> items = new ArrayList<>();
          for (int place = 0; place < result.size(); place++) {
            items.add(
                result.status(place) == ItemStatus.MALFORMED
                    ? null
                    : new RankExplanation.ItemPart(
                        part(request, place, true), parts(result.probability(place))));
          }
          return new RankExplanation("fake", digest(), part(request, 0, false), items);
        });
  }

  private static ScoreParts parts(double probability) {
    double logit = Math.log(probability / (1 - probability));
    return new ScoreParts(
        1, probability, logit, List.of(new ScoreParts.Term("all", logit, 1.0)), List.of());
  }

  private RankExplanation.Part part(RankRequest request, int place, boolean ofItem) {
    RankItem item = request.items().get(place);
    List<RowValue> read =
        values()
            .of(
                new RowValues.Row(
                    request.user(),
                    request.scenario(),
                    item.id(),
                    request.context(),
                    item.fields()),
                place);
    return new RankExplanation.Part(
        read.stream()
            .filter(value -> value.origin() != null)
            .filter(value -> values().isOfItem(value.column()) == ofItem)
            .toList(),
        List.of());
  }

  @Override
  public RowScores scoreLabels(VectorSchemaRoot rows) {
    return whileOpen(
        () -> {
          whenScored.accept(rows);
          RawRows raw = RawRows.of(rows);
          RowBinding binding = encoder.bind(raw.columns());
          Batch batch = binding.newBatch(raw.size());
          binding.encode(raw, 0, raw.size(), 0, batch);
          float[] main = new float[raw.size()];
          for (int row = 0; row < main.length; row++) {
            main[row] = scores.get(0).probability(batch, row);
          }
          return new RowScores(main, further(batch), new UnknownIds(0, 0));
        });
  }

  @Override
  public int warmUp(Duration time, List<RankRequest> given) {
    warmedUpWith.clear();
    warmedUpWith.addAll(given);
    return given.size();
  }

  @Override
  public List<RankRequest> drawn(int count) {
    Map<String, Object> context = Map.of("hour", 3, "price", 12.5, "tags", List.of());
    return IntStream.range(0, count)
        .mapToObj(
            number ->
                new RankRequest(
                        "" + number,
                        scenarios().get(number % scenarios().size()),
                        FakeShop.request(0, 20).items())
                    .with(context))
        .toList();
  }

  @Override
  public void forgetCounts() {
    requests.reset();
    unknownUsers.reset();
    counts.values().forEach(ValueCounts::forget);
  }

  @Override
  public RankerStats stats() {
    return new RankerStats(requests.sum(), unknownUsers.sum(), 0, 0, 0, 0, 0);
  }

  @Override
  public Map<String, ValueCounts> valueCounts() {
    return counts;
  }

  /** Returns whether it is closed. */
  public boolean isClosed() {
    open.readLock().lock();
    try {
      return closed;
    } finally {
      open.readLock().unlock();
    }
  }

  @Override
  public void close() {
    open.writeLock().lock();
    try {
      closed = true;
    } finally {
      open.writeLock().unlock();
    }
  }
}
