package org.llm4msr.runtime.assembly;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.data.FieldKind;
import org.llm4msr.api.data.FieldRole;
import org.llm4msr.api.model.Decay;
import org.llm4msr.api.model.FeatureLayout;
import org.llm4msr.api.model.Features;
import org.llm4msr.api.model.Field;
import org.llm4msr.api.model.FusionHead;
import org.llm4msr.api.model.Grouping.Segment;
import org.llm4msr.api.model.Initializer;
import org.llm4msr.api.model.Level;
import org.llm4msr.api.model.Parameter;
import org.llm4msr.api.model.Pass;
import org.llm4msr.api.model.Scenario;
import org.llm4msr.runtime.assembly.sequences.ModelSequences;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.batch.FieldValues.IdLists;
import org.llm4msr.runtime.batch.FieldValues.Ids;
import org.llm4msr.runtime.batch.FieldValues.Numbers;
import org.llm4msr.runtime.batch.GivenPast;
import org.llm4msr.runtime.config.KnowledgeConfig.Missing;
import org.llm4msr.runtime.config.Precision;
import org.llm4msr.runtime.config.past.HistoryConfig;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.engine.TensorEngine;
import org.llm4msr.runtime.engine.TorchGradients;
import org.llm4msr.runtime.knowledge.history.HistoryInputs;
import org.llm4msr.runtime.knowledge.store.KnowledgeSource;
import org.llm4msr.runtime.knowledge.vectors.KnowledgeInputs;
import org.llm4msr.runtime.knowledge.vectors.ModelKnowledge;
import org.llm4msr.runtime.knowledge.vectors.Population;
import org.llm4msr.runtime.model.ModelShape;
import org.llm4msr.runtime.model.ParameterArray;
import org.llm4msr.runtime.model.ParameterStore;
import org.llm4msr.runtime.model.TestEngine;
import org.llm4msr.runtime.tables.EmbeddingTable;
import org.llm4msr.runtime.tables.EmbeddingTables;
import org.llm4msr.runtime.tables.Workers;

/** A model that reads everything a model can read, scored by many threads. */
@Tag("engine")
class InferenceModelTest {

  private static final int USERS = 200;
  private static final int ITEMS = 90;
  private static final int SCENARIOS = 3;
  private static final int KNOWLEDGE = 12;
  private static final int WIDTH = 5 * 8;

  /** Each user liked and disliked some items. */
  private static final HistoryInputs HISTORY =
      HistoryInputs.of(
          new HistoryConfig(5, 3, true, true, HistoryConfig.Until.TRAINING, 0, null),
          visitor -> {
            Random random = new Random(4);
            for (int event = 0; event < 9 * USERS; event++) {
              visitor.visit(
                  Split.TRAIN,
                  random.nextInt(USERS),
                  random.nextInt(ITEMS),
                  random.nextInt(SCENARIOS),
                  random.nextBoolean(),
                  event,
                  0);
            }
          },
          USERS);

  private static final int HIDDEN = 64;
  private static final int THREADS = 8;

  private final TensorEngine engine = TestEngine.open();
  private final ExecutorService threads = Executors.newFixedThreadPool(THREADS);
  private FusionHead before = (pass, features) -> features.flat();
  private AssembledModel assembled;
  private InferenceModel model;

  @BeforeEach
  void makeModel() {
    assembled = engine.finish(this::assembled);
    model = new InferenceModel(assembled);
  }

  @AfterEach
  void close() {
    Thread.interrupted();
    threads.shutdownNow();
    model.close();
    engine.close();
  }

  private AssembledModel assembled() {
    NDManager manager = engine.engine().newBaseManager(engine.device());
    Workers workers = new Workers(2);
    ParameterStore store = new ParameterStore(manager, 7);
    List<EmbeddingTable> tables =
        List.of(
            new EmbeddingTable("user", USERS, 8, 0),
            new EmbeddingTable("tags", 50, 8, 0),
            new EmbeddingTable("price", 1, 8, 0));
    for (EmbeddingTable table : tables) {
      table.initialize(3, workers);
    }
    Initializer drawn = new Initializer.Normal(0.3);
    AddedField items = small(AddedField.of(store, AddedField.ITEM, KNOWLEDGE, 8));
    AddedField history =
        small(AddedField.of(store, AddedField.HISTORY, HISTORY.layout().width(), 8));
    store.push();
    ModelKnowledge knowledge = knowledge();
    FusionHead head = new Everything(store, drawn);
    return new AssembledModel(
        engine,
        manager,
        workers,
        new EmbeddingTables(tables),
        store,
        shape(),
        (pass, features) -> {
          before.logits(pass, features);
          return head.logits(pass, features);
        },
        store.parameter("scenario", "embedding", new Shape(SCENARIOS, 4), drawn, Decay.YES),
        new KnowledgeParameters(
            store.parameter("knowledge", "missing-user", new Shape(1, KNOWLEDGE), drawn, Decay.NO),
            store.parameter("knowledge", "missing-item", new Shape(1, KNOWLEDGE), drawn, Decay.NO),
            items,
            history,
            null),
        true,
        null,
        knowledge,
        ModelAssembly.scenarioKnowledge(manager, knowledge, null),
        0,
        new Precisions(Precision.FLOAT32, Precision.FLOAT32),
        null,
        Map.of(),
        "test",
        ModelSequences.NONE,
        null);
  }

  /** Makes a field as small as what the tables hold. */
  private static AddedField small(AddedField field) {
    FloatBuffer weights = field.weight().values();
    for (int i = 0; i < weights.limit(); i++) {
      weights.put(i, weights.get(i) * 1e-4f);
    }
    return field;
  }

  private static ModelShape shape() {
    List<Field> fields =
        List.of(
            new Field("user", FieldRole.USER, new FieldKind.Categorical(), 0, 8),
            new Field("tags", FieldRole.ITEM, new FieldKind.MultiCategorical(), 8, 8),
            new Field("price", FieldRole.ITEM, new FieldKind.Numeric(), 16, 8),
            new Field(AddedField.ITEM, FieldRole.ITEM, new FieldKind.Numeric(), 24, 8),
            new Field(AddedField.HISTORY, FieldRole.CONTEXT, new FieldKind.Numeric(), 32, 8));
    List<Scenario> scenarios =
        IntStream.range(0, SCENARIOS).mapToObj(s -> new Scenario(s, "s" + s, 9)).toList();
    return new ModelShape(new FeatureLayout(fields), scenarios, 4);
  }

  /** Every third user and every fifth item has none. */
  private static ModelKnowledge knowledge() {
    BitSet training = new BitSet();
    training.set(0, USERS);
    Population who =
        new Population(
            IntStream.range(0, USERS).mapToObj(u -> "u" + u).toList(),
            training,
            IntStream.range(0, SCENARIOS).mapToObj(s -> "s" + s).toList(),
            () -> IntStream.range(0, ITEMS).mapToObj(i -> "i" + i).toList(),
            () -> BitSet.valueOf(new long[] {-1}));
    return ModelKnowledge.load(
        new KnowledgeInputs(vectors(3), vectors(USERS), Missing.LEARNED)
            .withItems(vectors(5), Missing.LEARNED)
            .withHistory(HISTORY),
        who,
        Set.of(Level.values()));
  }

  private static KnowledgeSource vectors(int without) {
    return new KnowledgeSource() {
      @Override
      public int dimension() {
        return KNOWLEDGE;
      }

      @Override
      public boolean read(String key, float[] target) {
        int number = Integer.parseInt(key.substring(1));
        Random random = new Random(number);
        for (int i = 0; i < target.length; i++) {
          target[i] = (float) random.nextGaussian();
        }
        return number % without != without - 1;
      }
    };
  }

  /** A hidden layer, a tower a scenario, and linear forms of all else. */
  private static final class Everything implements FusionHead {

    private final Parameter hidden;
    private final List<Parameter> towers = new ArrayList<>();
    private final Parameter ofScenario;
    private final Parameter ofUserKnowledge;
    private final Parameter ofScenarioKnowledge;

    Everything(ParameterStore store, Initializer drawn) {
      hidden = store.parameter("b", "hidden", new Shape(WIDTH, HIDDEN), drawn, Decay.NO);
      for (int s = 0; s < SCENARIOS; s++) {
        towers.add(store.parameter("b", "tower" + s, new Shape(HIDDEN, 1), drawn, Decay.NO));
      }
      ofScenario = store.parameter("b", "scenario", new Shape(4, 1), drawn, Decay.NO);
      Shape ofKnowledge = new Shape(KNOWLEDGE, 1);
      ofUserKnowledge = store.parameter("b", "user", ofKnowledge, drawn, Decay.NO);
      ofScenarioKnowledge = store.parameter("b", "knowledge", ofKnowledge, drawn, Decay.NO);
    }

    @Override
    public NDArray logits(Pass pass, Features features) {
      NDArray large = features.flat().mul(pass.manager().create(1e4f)); // Tables start near 0.
      NDArray rows = pass.scenarios().order(Activation.relu(large.dot(hidden.array())));
      List<Segment> segments = pass.scenarios().segments();
      NDList pieces =
          segments.size() == 1
              ? new NDList(rows)
              : rows.split(segments.stream().skip(1).mapToLong(Segment::from).toArray());
      NDList logits = new NDList();
      for (int i = 0; i < segments.size(); i++) {
        logits.add(pieces.get(i).dot(towers.get(segments.get(i).group()).array()));
      }
      NDArray byScenario =
          features
              .scenarioTable()
              .dot(ofScenario.array())
              .add(features.scenarioKnowledge().dot(ofScenarioKnowledge.array()));
      NDArray byUser = features.userKnowledge().dot(ofUserKnowledge.array());
      return pass.scenarios()
          .restore(logits.size() == 1 ? logits.get(0) : NDArrays.concat(logits))
          .add(pass.scenarios().rowValues(byScenario))
          .add(pass.users().rowValues(byUser))
          .squeeze(-1);
    }
  }

  /**
   * The last user and the last item are ones that the model does not know; some rows bring the
   * vector of their item.
   */
  private static Batch batch(int rows, long seed) {
    Random random = new Random(seed);
    int[] ids = random.ints(rows, 0, USERS).toArray();
    IdLists tags = new IdLists(rows);
    float[] prices = new float[rows];
    Batch batch = new Batch(rows, List.of(new Ids(ids), tags, new Numbers(prices)));
    batch.size = rows;
    batch.itemVectors = new float[rows][];
    batch.pasts = new GivenPast[rows];
    for (int i = 0; i < rows; i++) {
      batch.user[i] = random.nextInt(10) == 0 ? USERS : ids[i];
      batch.item[i] = random.nextInt(ITEMS + 1);
      batch.itemVectors[i] = random.nextInt(10) == 0 ? new float[KNOWLEDGE] : null;
      batch.time[i] = random.nextInt(12 * USERS);
      batch.pasts[i] =
          random.nextInt(10) == 0
              ? new GivenPast(new int[] {3, 5}, new int[] {0, -1}, new boolean[] {true, false})
              : null;
      batch.scenario[i] = random.nextInt(SCENARIOS);
      prices[i] = (float) random.nextGaussian();
      int[] list = random.ints(random.nextInt(100), 0, 50).toArray();
      tags.set(i, list, list.length);
    }
    return batch;
  }

  private static final int[] SIZES = {500, 1, 37, 128, 500, 250, 7, 64, 500};

  private static List<Batch> batches() {
    return IntStream.range(0, SIZES.length).mapToObj(i -> batch(SIZES[i], i)).toList();
  }

  private float[] score(Batch batch) {
    float[] probability = new float[batch.size];
    model.score(batch, probability);
    return probability;
  }

  private <T> List<T> inThreads(int count, Callable<T> work) throws Exception {
    List<Future<T>> futures = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      futures.add(threads.submit(work));
    }
    List<T> results = new ArrayList<>();
    for (Future<T> future : futures) {
      results.add(future.get(5, TimeUnit.MINUTES));
    }
    return results;
  }

  private int openArrays() {
    return engine.finish(() -> assembled.manager().getManagedArrays().size());
  }

  /** Same batches and others, at once, again and again, to the last bit. */
  @Test
  void threadsGetTheScoresOfOne() throws Exception {
    List<Batch> batches = batches();
    List<float[]> alone = batches.stream().map(this::score).toList();
    assertThat(alone.get(0)).doesNotHaveDuplicates();
    int open = openArrays();
    AtomicInteger thread = new AtomicInteger();

    inThreads(
        THREADS,
        () -> {
          int first = thread.getAndIncrement() / 2; // Two threads in step each.
          for (int round = 0; round < 100; round++) {
            int which = (first + round) % batches.size();
            float[] found = score(batches.get(which));
            assertThat(Arrays.equals(found, alone.get(which)))
                .as("scores of %d rows in round %d", SIZES[which], round)
                .isTrue();
          }
          return 0;
        });

    assertThat(openArrays()).isEqualTo(open);
  }

  @Test
  void oneModelScoresSeveralBatchesAtOnceWhereTheEngineAllowsIt() throws Exception {
    assumeThat(TestEngine.NAME).isEqualTo("PyTorch");
    CyclicBarrier all = new CyclicBarrier(THREADS);
    before =
        (pass, features) -> {
          try {
            all.await(1, TimeUnit.MINUTES);
          } catch (Exception e) {
            throw new IllegalStateException(e);
          }
          return features.flat();
        };
    Batch batch = batch(20, 1);

    List<float[]> found = inThreads(THREADS, () -> score(batch));

    assertThat(found).allSatisfy(scores -> assertThat(scores).isEqualTo(found.get(0)));
  }

  @Test
  void oneThreadCallsAnEngineThatAllowsNoMore() throws Exception {
    assumeThat(TestEngine.NAME).isEqualTo("MXNet");
    AtomicInteger inside = new AtomicInteger();
    AtomicBoolean met = new AtomicBoolean();
    before =
        (pass, features) -> {
          met.compareAndSet(false, inside.incrementAndGet() > 1);
          features.flat().sum().toFloatArray();
          inside.decrementAndGet();
          return features.flat();
        };
    Batch batch = batch(20, 1);

    inThreads(THREADS, () -> score(batch));

    assertThat(met).isFalse();
  }

  /** A thread begins with gradients on, in PyTorch. */
  @Test
  void gradientsAreNotRecordedMeanwhile() throws Exception {
    assumeThat(TestEngine.NAME).isEqualTo("PyTorch");
    List<Boolean> recorded = new ArrayList<>();
    before =
        (pass, features) -> {
          recorded.add(TorchGradients.areRecorded());
          return features.flat();
        };

    inThreads(
        1,
        () -> {
          recorded.add(TorchGradients.areRecorded());
          score(batch(20, 1));
          recorded.add(TorchGradients.areRecorded());
          return 0;
        });

    assertThat(recorded).containsExactly(true, false, true);
  }

  @Test
  void aHeadThatFailsLeavesNothing() {
    int open = openArrays();
    before =
        (pass, features) -> {
          throw new IllegalStateException("the head failed");
        };
    assertThatThrownBy(() -> score(batch(20, 1))).hasMessage("the head failed");

    before = (pass, features) -> features.flat();
    assertThat(score(batch(20, 1))).hasSize(20);
    assertThat(openArrays()).isEqualTo(open);
  }

  @Test
  void anInterruptedThreadScoresNothing() {
    Thread.currentThread().interrupt();

    assertThatThrownBy(() -> score(batch(20, 1)))
        .isInstanceOf(MsrException.class)
        .hasMessageContaining("engine/INTERRUPTED");
    assertThat(Thread.interrupted()).isTrue();
  }

  /** What users without knowledge have is learned, so it takes part in their scores alone. */
  @Test
  void usersWithoutKnowledgeReadWhatWasLearnedForThem() {
    Batch batch = batch(2, 1);
    batch.user[0] = 0; // Has a vector.
    batch.user[1] = 2; // Has none.
    float[] first = score(batch);
    engine.finish(
        () -> {
          ParameterArray missing = assembled.knowledgeParameters().missingUser();
          missing.values().put(0, missing.values().get(0) + 1);
          assembled.parameters().push();
          assembled.parameters().share();
          return 0;
        });
    float[] second = score(batch);

    assertThat(second[0]).isEqualTo(first[0]);
    assertThat(second[1]).isNotEqualTo(first[1]);
  }

  private LogitTerms probe(Batch batch, Level... without) {
    ModelProbe probe = new ModelProbe(new TrainableModel(assembled), USERS, ITEMS);
    return engine.finish(
        () -> {
          engine.recordGradients(false);
          return probe.predict(batch, Set.of(without));
        });
  }

  @Test
  void aProbePredictsWhatTheModelScoresAndKeepsTheTermsThatPartsName() {
    before =
        (pass, features) -> {
          pass.term("sum of the row", () -> features.flat().sum(new int[] {1}));
          return features.flat();
        };
    Batch batch = batch(40, 1);
    float[] scores = score(batch);

    LogitTerms found = probe(batch);

    for (int i = 0; i < 40; i++) {
      assertThat((float) (1 / (1 + Math.exp(-found.logits()[i]))))
          .isCloseTo(scores[i], within(1e-6f));
    }
    assertThat(found.terms()).containsOnlyKeys("sum of the row");
    assertThat(found.terms().get("sum of the row")).hasSize(40);
  }

  /** The head adds to each logit the product of one parameter and the knowledge of the scenario. */
  @Test
  void aProbeTakesLevelsAway() {
    Batch batch = batch(40, 1);
    Batch strangers = batch(40, 1);
    Arrays.fill(strangers.user, USERS);
    Batch newItems = batch(40, 1);
    Arrays.fill(newItems.item, ITEMS);
    newItems.itemVectors = null;
    float[] whole = probe(batch).logits();

    assertThat(probe(batch, Level.USER).logits())
        .isEqualTo(probe(strangers).logits())
        .isNotEqualTo(whole);
    assertThat(probe(batch, Level.ITEM).logits())
        .isEqualTo(probe(newItems).logits())
        .isNotEqualTo(whole);
    float[] without = probe(batch, Level.SCENARIO).logits();
    FloatBuffer weights =
        assembled.parameters().parameters().stream()
            .filter(parameter -> parameter.name().equals("b/knowledge"))
            .findFirst()
            .orElseThrow()
            .values();
    for (int i = 0; i < 40; i++) {
      FloatBuffer own = FloatBuffer.allocate(KNOWLEDGE);
      assembled.knowledge().scenarios().copy(batch, batch.scenario[i], own, 0);
      float product = 0;
      for (int k = 0; k < KNOWLEDGE; k++) {
        product += own.get(k) * weights.get(k);
      }
      assertThat(whole[i] - without[i]).isCloseTo(product, within(1e-4f));
    }
  }
}
