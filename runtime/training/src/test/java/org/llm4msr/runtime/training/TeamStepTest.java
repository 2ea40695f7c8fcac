package org.llm4msr.runtime.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.internal.Records;
import org.llm4msr.api.model.Backbone;
import org.llm4msr.api.model.BackboneFactory;
import org.llm4msr.api.model.BackboneOutput;
import org.llm4msr.api.model.Buffer;
import org.llm4msr.api.model.Decay;
import org.llm4msr.api.model.Features;
import org.llm4msr.api.model.Initializer;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.Parameter;
import org.llm4msr.api.model.Pass;
import org.llm4msr.runtime.assembly.ModelAssembly;
import org.llm4msr.runtime.assembly.TrainableModel;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.batch.Exchange;
import org.llm4msr.runtime.config.LossConfig;
import org.llm4msr.runtime.config.ModelConfig;
import org.llm4msr.runtime.config.OptimizerConfig;
import org.llm4msr.runtime.config.OptimizerConfig.Rule;
import org.llm4msr.runtime.config.TrainingConfig;
import org.llm4msr.runtime.config.labels.LabelConfig;
import org.llm4msr.runtime.data.order.TrainingOrder;
import org.llm4msr.runtime.data.prepared.BatchSource;
import org.llm4msr.runtime.engine.TensorEngine;
import org.llm4msr.runtime.model.TestEngine;
import org.llm4msr.runtime.peers.TestRings;
import org.llm4msr.runtime.tables.Partition;
import org.llm4msr.runtime.training.TinyModels.NoConfig;
import org.llm4msr.runtime.training.workers.Team;
import org.llm4msr.toolkit.model.BatchNorm;
import org.llm4msr.toolkit.model.Dropout;
import org.llm4msr.toolkit.model.GroupedRows;
import org.llm4msr.toolkit.model.PartitionedNorm;

/** Steps of several workers beside those of one process. */
@Tag("engine")
class TeamStepTest {

  private static final int STEPS = 40;
  private static final int ROWS = 64;

  /** The last batch of an epoch has four rows: two a worker, or all for each of four. */
  static final MemoryData DATA = MemoryData.of(1_220, 0, 0.9);

  private static final OptimizerConfig ADAM = TinyModels.optimizer(Rule.ADAM, 0.01);
  private static final TrainingConfig CONFIG = TinyModels.training(ADAM, 2, ROWS);
  private static List<Float> alone = List.of();

  /** What a worker saw. */
  record Seen(List<Float> losses, float[] state, long sent, long expected) {}

  @BeforeAll
  static void trainAlone() {
    alone = train(null, new Net(Kind.PLAIN), DATA, CONFIG).losses();
    assertThat(alone).hasSize(STEPS);
    assertThat(alone.get(STEPS - 1)).as("it learns").isLessThan(alone.get(0) - 0.01f);
  }

  /** All calls of MXNet in a process are made by one thread, which a worker would hold. */
  @BeforeAll
  static void requireEngines() {
    assumeThat(TestEngine.NAME).isEqualTo("PyTorch");
  }

  @Test
  void severalWorkersLearnWhatOneProcessLearns() {
    for (int workers : new int[] {2, 4}) {
      List<Seen> all = team(workers, new Net(Kind.PLAIN), DATA, CONFIG);

      for (int step = 0; step < STEPS; step++) {
        assertThat(all.get(0).losses().get(step))
            .as("%d workers, step %d", workers, step)
            .isCloseTo(alone.get(step), within(1e-5f));
      }
      for (int r = 0; r < workers; r++) {
        assertThat(all.get(r).losses()).isEqualTo(all.get(0).losses());
        assertThat(all.get(r).state()).isEqualTo(all.get(0).state());
      }
      assertSent(all, workers);
    }
  }

  private static void assertSent(List<Seen> all, int workers) {
    double sent = all.stream().mapToLong(Seen::sent).sum();
    double expected = all.stream().mapToLong(Seen::expected).sum();
    assertThat(sent / expected).as("%d workers", workers).isBetween(0.95, 1.05);
  }

  @Test
  void partsOfTablesLearnWhatCopiesLearn() {
    ModelConfig settings = TinyModels.model(new Net(Kind.PLAIN), new TinyModels.Plain());
    for (int workers : new int[] {2, 4}) {
      List<Seen> copies = team(workers, new Net(Kind.PLAIN), DATA, CONFIG);

      List<Seen> parts =
          TestRings.runInAllRings(
              workers, ring -> train(ring, partition(ring), settings, DATA, CONFIG));

      for (int r = 0; r < workers; r++) {
        assertThat(parts.get(r).losses()).isEqualTo(copies.get(r).losses());
      }
      assertThat(parts.get(0).state()).isEqualTo(copies.get(0).state());
      for (int step = 0; step < STEPS; step++) {
        assertThat(parts.get(0).losses().get(step))
            .as("%d workers, step %d", workers, step)
            .isCloseTo(alone.get(step), within(1e-5f));
      }
    }
  }

  /** Of rows so short that what stands before each message counted, they send more. */
  @ParameterizedTest
  @ValueSource(ints = {2, 4})
  void partsOfTablesSendWhatTheFormulaSays(int workers) {
    ModelConfig plain = TinyModels.model(new Net(Kind.PLAIN), new TinyModels.Plain());
    ModelConfig settings = Records.with(plain, "embeddingSize", 32);
    TrainingConfig config = TinyModels.training(ADAM, 1, ROWS);

    List<Seen> parts =
        TestRings.runInAllRings(
            workers, ring -> train(ring, partition(ring), settings, DATA, config));

    assertSent(parts, workers);
  }

  static Partition partition(Exchange ring) {
    return new Partition(ring.rank(), ring.workers());
  }

  @Test
  void twoRunsGiveTheSameBits() {
    TrainingConfig config = TinyModels.training(ADAM, 1, ROWS);

    List<Seen> first = team(3, new Net(Kind.PLAIN), DATA, config);
    List<Seen> second = team(3, new Net(Kind.PLAIN), DATA, config);

    assertThat(second.get(0).losses()).isEqualTo(first.get(0).losses());
    assertThat(second.get(2).state()).isEqualTo(first.get(0).state());
  }

  @Test
  void twoRunsWithPartsOfTablesGiveTheSameBits() {
    ModelConfig settings = TinyModels.model(new Net(Kind.PLAIN), new TinyModels.Plain());
    TrainingConfig config = TinyModels.training(ADAM, 1, ROWS);

    List<Seen> first =
        TestRings.runInAllRings(3, ring -> train(ring, partition(ring), settings, DATA, config));
    List<Seen> second =
        TestRings.runInAllRings(3, ring -> train(ring, partition(ring), settings, DATA, config));

    assertThat(second.get(0).losses()).isEqualTo(first.get(0).losses());
    assertThat(second.get(0).state()).isEqualTo(first.get(0).state());
  }

  /** Rows that weigh nothing, ages, focal loss, clipped gradients, tables that all move. */
  @Test
  void weightsAndClippingAreThoseOfTheWholeBatch() {
    MemoryData data =
        DATA.training(
            rows ->
                IntStream.range(0, 800)
                    .mapToObj(i -> rows.get(i).weighing(i % 5 / 2f).at(i * 60_000L))
                    .toList());
    OptimizerConfig everyRow = new OptimizerConfig(Rule.ADAM, 0.01, 0.9, 0.999, 1e-8, false, 0, 0);
    TrainingConfig config =
        TinyModels.training(
            everyRow,
            3,
            ROWS,
            0,
            0,
            Map.of("s1", 2.0),
            1.0,
            new LossConfig(LossConfig.Form.FOCAL, 2, 0.3, 0.1));

    Seen one = train(null, new Net(Kind.PLAIN), data, config);
    List<Seen> three = team(3, new Net(Kind.PLAIN), data, config);

    for (int step = 0; step < one.losses().size(); step++) {
      assertThat(three.get(0).losses().get(step))
          .as("step %d", step)
          .isCloseTo(one.losses().get(step), within(1e-5f));
    }
    assertThat(three.get(2).state()).isEqualTo(three.get(0).state());
  }

  /** One label is known in one scenario alone: some workers of a batch have none of it. */
  @Test
  void furtherLabelsAreMeansOverAllRowsThatKnowThem() {
    MemoryData data =
        DATA.training(rows -> rows.subList(0, 1000))
            .labelled(
                List.of("rare", "often"),
                row ->
                    new float[] {
                      row.scenario() == 2 ? row.item() % 2 : Float.NaN,
                      row.user() % 3 == 0 ? Float.NaN : row.label() * (row.item() % 2)
                    });
    Map<String, LabelConfig> labels = new LinkedHashMap<>();
    labels.put("rare", new LabelConfig(0.5, null, List.of(4)));
    labels.put("often", new LabelConfig(1, "label", List.of()));
    ModelConfig plain = TinyModels.model(new Net(Kind.PLAIN), new TinyModels.Plain());
    ModelConfig settings = Records.with(Records.with(plain, "linear", true), "labels", labels);
    TrainingConfig config = TinyModels.training(ADAM, 2, ROWS);

    Seen one = train(null, settings, data, config);
    List<Seen> three = TestRings.run(3, ring -> train(ring, settings, data, config));

    for (int step = 0; step < one.losses().size(); step++) {
      assertThat(three.get(0).losses().get(step))
          .as("step %d", step)
          .isCloseTo(one.losses().get(step), within(1e-5f));
    }
    assertThat(three.get(2).state()).isEqualTo(three.get(0).state());
  }

  @Test
  void whatDependsOnABatchAsAWholeIsRefused() {
    assertThatThrownBy(() -> team(2, new Net(Kind.TERM), DATA, CONFIG))
        .isInstanceOf(MsrException.class)
        .hasMessageStartingWith("[training/TERM_OF_BATCH] ")
        .hasMessageContaining("'size'");
    assertThatThrownBy(() -> team(2, new Net(Kind.BUFFER), DATA, CONFIG))
        .isInstanceOf(MsrException.class)
        .hasMessageStartingWith("[training/COPIES_DIFFER] After step 0, backbone/seen differs");
  }

  @Test
  void gradientsThatAreTooLargeToBeSentAreRefused() {
    try (TensorEngine engine = TinyModels.engine();
        TrainableModel model =
            ModelAssembly.assemble(
                engine,
                TinyModels.model(new Net(Kind.PLAIN), new TinyModels.Plain()),
                CONFIG,
                TinyModels.SCORING,
                DATA,
                null)) {
      int dense = 16 * 16 + 16 + 3 * 16;
      Team.requireSmall(model, 4 * dense);
      assertThatThrownBy(() -> Team.requireSmall(model, 4 * dense - 1))
          .hasMessageStartingWith("[training/TOO_LARGE_TO_SHARE] ")
          .hasMessageContaining(dense + " dense parameters")
          .hasMessageContaining("knowledge.components");
    }
    assertThatThrownBy(() -> TestRings.run(2, ring -> new TooFew(ring).check()))
        .hasMessageStartingWith("[training/FEW_ROWS_A_WORKER] training.batchSize is 3");
  }

  private record TooFew(Exchange ring) {
    private Object check() {
      new Team(ring).requireRows(3);
      return 0;
    }
  }

  private static List<Seen> team(
      int workers, BackboneFactory<NoConfig> backbone, MemoryData data, TrainingConfig config) {
    return TestRings.run(workers, ring -> train(ring, backbone, data, config));
  }

  /** The engine takes the passes of one model of a process at a time, and these wait for others. */
  @Test
  @EnabledIf("org.llm4msr.runtime.model.TestEngine#hasMkl")
  void normalisationIsOverTheWholeBatch() throws Exception {
    assertNormalised(3, true);
  }

  @ParameterizedTest
  @CsvSource({"2, false", "4, true"})
  @Tag("slow")
  @EnabledIf("org.llm4msr.runtime.model.TestEngine#hasMkl")
  void normalisationIsOverTheWholeBatchOfAnyTeam(int workers, boolean parts) throws Exception {
    assertNormalised(workers, parts);
  }

  private static void assertNormalised(int workers, boolean parts) throws Exception {
    List<Float> one = train(null, new Net(Kind.NORM), DATA, TeamWorker.CONFIG).losses();
    assertThat(one).hasSize(STEPS);

    List<List<Float>> all = TeamWorker.run(workers, parts);

    for (int step = 0; step < one.size(); step++) {
      assertThat(all.get(0).get(step)).as("step %d", step).isCloseTo(one.get(step), within(1e-5f));
    }
    assertThat(all).allMatch(all.get(0)::equals);
  }

  /** Trains the net with normalisations; in parts, each worker has one of the tables. */
  static List<Float> normalised(Exchange exchange, boolean parts) {
    ModelConfig settings = TinyModels.model(new Net(Kind.NORM), new TinyModels.Plain());
    Partition partition = parts ? partition(exchange) : Partition.WHOLE;
    return train(exchange, partition, settings, DATA, TeamWorker.CONFIG).losses();
  }

  static Seen train(
      @Nullable Exchange exchange,
      BackboneFactory<NoConfig> backbone,
      MemoryData data,
      TrainingConfig config) {
    return train(exchange, TinyModels.model(backbone, new TinyModels.Plain()), data, config);
  }

  private static Seen train(
      @Nullable Exchange exchange, ModelConfig settings, MemoryData data, TrainingConfig config) {
    return train(exchange, Partition.WHOLE, settings, data, config);
  }

  private static Seen train(
      @Nullable Exchange exchange,
      Partition partition,
      ModelConfig settings,
      MemoryData data,
      TrainingConfig config) {
    try (TensorEngine engine = TinyModels.engine();
        TrainableModel model =
            ModelAssembly.assemble(
                engine, settings, config, TinyModels.SCORING, data, null, null, partition)) {
      TrainingStep step = new TrainingStep(model, config, data);
      Team team = exchange == null ? null : new Team(exchange);
      if (team != null) {
        step.workIn(team);
      }
      int workers = exchange == null ? 1 : exchange.workers();
      return engine.call(
          () -> {
            long before = exchange == null ? 0 : exchange.sent();
            List<Float> losses = new ArrayList<>();
            boolean isPart = partition.workers() > 1;
            long expected = 0;
            for (int epoch = 0; epoch < config.epochs(); epoch++) {
              TrainingOrder order =
                  new TrainingOrder(config.batchSize(), 1_000_000, 1, config.seed(), epoch, 0);
              try (BatchSource source = data.training(order)) {
                Batch batch = source.newBatch();
                while (source.next(batch)) {
                  losses.add(step.run(batch, losses.size(), 0.01).loss());
                  expected += bytes(model, batch, workers, isPart);
                }
              }
            }
            long sent = exchange == null ? 0 : exchange.sent() - before;
            Supplier<float[]> state = () -> TinyModels.state(model);
            float[] known = isPart ? team.alone(state, new float[0]) : state.get();
            return new Seen(losses, known, sent, expected);
          });
    }
  }

  /**
   * 2 (N - 1) / N 4 P, and for each row that each worker touches (N - 1) / N of 4 + 4 D to each of
   * N workers or, with parts, of 4 + 8 D in all.
   */
  private static long bytes(TrainableModel model, Batch batch, int workers, boolean isPart) {
    long dense = model.parameters().parameters().stream().mapToLong(p -> p.size()).sum();
    long touched = TouchedRows.of(batch, workers);
    int dimension = model.tables().tables().get(0).dimension();
    long ofRows = isPart ? touched * (4 + 8 * dimension) / workers : touched * (4 + 4 * dimension);
    return (2 * 4 * dense + ofRows) * (workers - 1) / workers;
  }

  enum Kind {
    PLAIN,
    NORM,
    TERM,
    BUFFER
  }

  /** A hidden layer with dropout, and a tower a scenario. */
  record Net(Kind kind) implements BackboneFactory<NoConfig> {

    private static final int HIDDEN = 16;

    @Override
    public Class<NoConfig> configType() {
      return NoConfig.class;
    }

    @Override
    public Backbone create(NoConfig config, ModelContext context) {
      int width = context.layout().width();
      Parameter weight =
          context.parameter(
              "weight", new Shape(width, HIDDEN), Initializer.linear(width), Decay.YES);
      Parameter bias = context.parameter("bias", new Shape(HIDDEN), Initializer.zeros(), Decay.NO);
      Parameter towers =
          context
              .each("tower", context.scenarios().size())
              .parameter("weight", new Shape(HIDDEN, 1), Initializer.linear(HIDDEN), Decay.YES);
      Buffer seen = context.buffer("seen", new Shape(width), Initializer.zeros());
      boolean norms = kind == Kind.NORM;
      PartitionedNorm ofScenarios = norms ? new PartitionedNorm(context.scope("in"), width) : null;
      BatchNorm ofAll = norms ? new BatchNorm(context.scope("hidden"), HIDDEN) : null;
      return new Backbone() {
        @Override
        public BackboneOutput forward(Pass pass, Features features) {
          NDArray flat = features.flat();
          NDArray x = ofScenarios == null ? flat : ofScenarios.forward(pass, flat);
          NDArray sums = x.dot(weight.array()).add(bias.array());
          NDArray hidden = Activation.relu(ofAll == null ? sums : ofAll.forward(pass, sums));
          NDArray kept = Dropout.apply(pass, hidden, 0.1);
          if (kind == Kind.TERM) {
            pass.addLoss("size", kept.square().mean());
          } else if (kind == Kind.BUFFER && pass.training()) {
            seen.set(x.stopGradient().mean(new int[] {0}));
          }
          NDArray logits = GroupedRows.of(pass.scenarios(), kept).times(towers.array()).toRows();
          return new BackboneOutput(kept, logits.squeeze(-1));
        }

        @Override
        public int hiddenSize() {
          return HIDDEN;
        }
      };
    }

    @Override
    public boolean hasHidden(NoConfig config) {
      return true;
    }
  }
}
