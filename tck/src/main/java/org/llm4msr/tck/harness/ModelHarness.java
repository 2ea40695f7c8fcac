package org.llm4msr.tck.harness;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.model.Backbone;
import org.llm4msr.api.model.FeatureLayout;
import org.llm4msr.api.model.Field;
import org.llm4msr.api.model.FusionContext;
import org.llm4msr.api.model.FusionHead;
import org.llm4msr.api.model.Level;
import org.llm4msr.api.model.MetaContext;
import org.llm4msr.api.model.MetaNetwork;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.ModelInput;
import org.llm4msr.api.model.Pass;
import org.llm4msr.api.model.Scenario;
import org.llm4msr.api.model.Sequence;
import org.llm4msr.api.model.SequenceShape;
import org.llm4msr.runtime.config.Precision;
import org.llm4msr.runtime.kernels.DropoutMasks;
import org.llm4msr.runtime.model.EmbeddedFeatures;
import org.llm4msr.runtime.model.GroupingPlan;
import org.llm4msr.runtime.model.ModelShape;
import org.llm4msr.runtime.model.ParameterSnapshot;
import org.llm4msr.runtime.model.ParameterStore;
import org.llm4msr.runtime.model.PassContext;
import org.llm4msr.runtime.model.PassContext.LossTerm;
import org.llm4msr.runtime.model.Tape;
import org.llm4msr.runtime.tables.Workers;
import org.llm4msr.serving.recording.RecordedArrays;
import org.llm4msr.serving.recording.RequestGraphs;

/**
 * A model on one engine with everything that it would get from the runtime, for tests: runs forward
 * passes and computes gradients of all parameters and of the input. Parameters are named as in a
 * run: {@code backbone/...}, {@code fusion/...}, {@code meta/user/...}, {@code meta/scenario/...}.
 */
public final class ModelHarness implements AutoCloseable {

  private static final Workers WORKERS = new Workers(1);

  private final NDManager manager = TestEngines.manager();
  private final ParameterStore store;
  private final FusionHead head;
  private final DropoutMasks masks;
  private final Set<ModelInput> inputs;
  private final List<SequenceShape> sequences;
  private final int fieldWidth;
  private final long seed;
  private long step;

  private ModelHarness(Parts parts) {
    store = new ParameterStore(manager, parts.seed);
    masks = new DropoutMasks(parts.seed);
    seed = parts.seed;
    inputs = parts.inputs;
    sequences = parts.shape.sequences();
    boolean fields = parts.shape.layout().uniform() && inputs.contains(ModelInput.FIELDS);
    fieldWidth = fields ? parts.shape.layout().fields().get(0).width() : 0;
    try {
      head = parts.head.apply(new HarnessFusionContext(store, parts));
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
    store.seal();
  }

  /** Begins a model over data of this shape. */
  public static Parts of(ModelShape shape, Function<ModelContext, Backbone> backbone) {
    return new Parts(shape, backbone);
  }

  /**
   * Begins a model over data of these fields and scenarios.
   *
   * @param scenarioEmbeddingSize Ds, the width of the table of scenarios
   */
  public static Parts of(
      List<Field> fields,
      List<Scenario> scenarios,
      int scenarioEmbeddingSize,
      Function<ModelContext, Backbone> backbone) {
    return of(
        new ModelShape(new FeatureLayout(fields), scenarios, scenarioEmbeddingSize), backbone);
  }

  /** Returns the parameters and buffers. */
  public ParameterStore store() {
    return store;
  }

  /**
   * Sets all parameters and buffers.
   *
   * @param values by full name, such as {@code backbone/logit/weight}, row-major
   */
  public void set(Map<String, float[]> values) {
    store.restore(new ParameterSnapshot("The test", values));
  }

  /** Returns the logits outside training. */
  public float[] infer(TestBatch batch) {
    return infer(batch, NDArray::toFloatArray);
  }

  /** Applies a function to the logits outside training, before they are closed. */
  public <T> T infer(TestBatch batch, Function<NDArray, T> reading) {
    try (NDManager pass = manager.newSubManager();
        NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      return reading.apply(forward(pass, batch, flat(pass, batch), false).logits());
    }
  }

  /**
   * Runs one forward and backward pass of the loss sum over rows of factor * logit, plus the terms
   * that models add. The engine is seeded with the step, as the runtime does it.
   */
  public TestPass train(TestBatch batch, float[] factor) {
    store.push();
    TestEngines.seed((int) (seed * 31 + step) & Integer.MAX_VALUE);
    TestPass result;
    try (NDManager pass = manager.newSubManager();
        NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      NDArray flat = flat(pass, batch);
      flat.setRequiresGradient(true);
      Forward forward;
      try (GradientCollector collector = TestEngines.engine().newGradientCollector()) {
        forward = forward(pass, batch, flat, true);
        NDArray loss = forward.logits().mul(pass.create(factor)).sum();
        for (LossTerm term : forward.pass().losses()) {
          loss = loss.add(term.value().sum());
        }
        forward.tape().backward(collector, loss);
      }
      result =
          new TestPass(
              forward.logits().toFloatArray(),
              gradients(),
              forward.tape().gradient(flat).toFloatArray(),
              losses(forward.pass()));
    }
    // Outside the scope, which would close the new arrays.
    store.push();
    step++;
    return result;
  }

  /**
   * Records what the model computes for rows of one user in one scenario, as the compiler does.
   *
   * @param batch whose widths the rows have
   */
  public RequestGraphs record(TestBatch batch, int scenario) {
    int scenarios = batch.scenarioTable().length;
    return RequestGraphs.of(
        (pass, arrays) ->
            store.through(arrays::constant, () -> head.logits(pass, features(pass, arrays, batch))),
        manager,
        scenarios,
        scenario);
  }

  private EmbeddedFeatures features(Pass pass, RecordedArrays arrays, TestBatch batch) {
    return new EmbeddedFeatures(
        arrays.ofRows("rows", batch.flat()[0].length),
        fieldWidth,
        pass.scenarios(),
        constant(ModelInput.SCENARIO_EMBEDDING, arrays, batch.scenarioTable()),
        inputs.contains(ModelInput.USER_KNOWLEDGE)
            ? arrays.ofUser(batch.userKnowledge()[0].length)
            : null,
        constant(ModelInput.SCENARIO_KNOWLEDGE, arrays, batch.scenarioKnowledge()),
        ofRows(ModelInput.ITEM_KNOWLEDGE, arrays, batch.itemKnowledge()),
        ofRows(ModelInput.HISTORY, arrays, batch.history()),
        sequences(shape -> arrays.ofRows(shape.name(), SequenceData.columns(shape))));
  }

  private @Nullable NDArray constant(ModelInput input, RecordedArrays arrays, float[][] values) {
    return inputs.contains(input) ? arrays.constant(input.name(), manager.create(values)) : null;
  }

  private @Nullable NDArray ofRows(ModelInput input, RecordedArrays arrays, float[][] values) {
    return inputs.contains(input) ? arrays.ofRows(input.name(), values[0].length) : null;
  }

  /** A run may have none. */
  private @Nullable List<Sequence> sequences(Function<SequenceShape, NDArray> columns) {
    return inputs.contains(ModelInput.SEQUENCES)
        ? sequences.stream()
            .map(shape -> SequenceData.sequence(shape, columns.apply(shape)))
            .toList()
        : null;
  }

  /** Restarts the step count at 0, and with it the engine's random numbers. */
  public void rewind() {
    step = 0;
  }

  /** Returns the number of the model's open arrays; between passes only those that it keeps. */
  public int openArrays() {
    return manager.getManagedArrays().size();
  }

  @Override
  public void close() {
    store.close();
    manager.close();
  }

  private record Forward(PassContext pass, Tape tape, NDArray logits) {}

  private Forward forward(NDManager pass, TestBatch batch, NDArray flat, boolean training) {
    int scenarios = batch.scenarioTable().length;
    int users = batch.userKnowledge().length;
    int items = batch.itemKnowledge().length;
    Tape tape = Tape.of(pass, WORKERS, Precision.FLOAT32, training);
    tape.begin(flat);
    GroupingPlan byScenario =
        GroupingPlan.of(pass, batch.scenario(), batch.rows(), scenarios, training, tape);
    GroupingPlan byUser = GroupingPlan.of(pass, batch.user(), batch.rows(), users, training, tape);
    boolean readsItems = inputs.contains(ModelInput.ITEM_KNOWLEDGE);
    GroupingPlan byItem =
        readsItems
            ? GroupingPlan.of(pass, batch.item(), batch.rows(), items, training, tape)
            : null;
    EmbeddedFeatures features =
        new EmbeddedFeatures(
            flat,
            fieldWidth,
            byScenario,
            declared(ModelInput.SCENARIO_EMBEDDING, pass, batch.scenarioTable()),
            declared(ModelInput.USER_KNOWLEDGE, pass, batch.userKnowledge()),
            declared(ModelInput.SCENARIO_KNOWLEDGE, pass, batch.scenarioKnowledge()),
            declared(ModelInput.ITEM_KNOWLEDGE, pass, batch.itemKnowledge()),
            declared(ModelInput.HISTORY, pass, batch.history()),
            sequences(shape -> pass.create(SequenceData.of(shape, batch.sequences()))));
    PassContext context =
        new PassContext(
            pass, training, training ? step : 0, byScenario, byUser, byItem, masks, tape);
    NDArray logits = head.logits(context, features);
    return new Forward(context, tape, training ? logits.reshape(new Shape(batch.rows())) : logits);
  }

  private @Nullable NDArray declared(ModelInput input, NDManager pass, float[][] values) {
    return inputs.contains(input) ? pass.create(values) : null;
  }

  private static List<TestPass.Loss> losses(PassContext pass) {
    return pass.losses().stream().map(ModelHarness::loss).toList();
  }

  private static TestPass.Loss loss(LossTerm term) {
    NDArray value = term.value();
    float[] values = value.toType(DataType.FLOAT32, true).toFloatArray();
    return new TestPass.Loss(term.name(), value.getDataType(), values);
  }

  private Map<String, float[]> gradients() {
    Map<String, float[]> gradients = new LinkedHashMap<>();
    store
        .parameters()
        .forEach(
            parameter ->
                parameter.readGradient(
                    (p, gradient) -> {
                      float[] copy = new float[p.size()];
                      gradient.get(copy);
                      gradients.put(p.name(), copy);
                    }));
    return gradients;
  }

  private static NDArray flat(NDManager pass, TestBatch batch) {
    return pass.create(batch.flat());
  }

  /** The parts of a model under test. */
  public static final class Parts {

    private ModelShape shape;
    private final Function<ModelContext, Backbone> backbone;
    private final Map<Level, Function<MetaContext, MetaNetwork>> metaNetworks =
        new EnumMap<>(Level.class);
    private final Map<Level, LayersBetween> layers = new EnumMap<>(Level.class);
    private Function<FusionContext, FusionHead> head =
        context -> {
          Backbone alone = context.backbone(context.model().layout());
          return (pass, features) -> alone.forward(pass, features).logit();
        };
    private Set<ModelInput> inputs = EnumSet.allOf(ModelInput.class);
    private int knowledgeSize;
    private long seed = 7;

    private Parts(ModelShape shape, Function<ModelContext, Backbone> backbone) {
      this.shape = shape;
      this.backbone = backbone;
    }

    /** Sets the seed of the initial values. */
    public Parts seed(long value) {
      seed = value;
      return this;
    }

    /** Sets the shape of the data. */
    public Parts shape(ModelShape given) {
      shape = given;
      return this;
    }

    /** Sets what the model gets beyond the flat input; by default everything. */
    public Parts inputs(Set<ModelInput> given) {
      inputs = given;
      return this;
    }

    /** Sets the fusion head; by default there is only the backbone. */
    public Parts head(int knowledge, Function<FusionContext, FusionHead> factory) {
      knowledgeSize = knowledge;
      head = factory;
      return this;
    }

    /** Sets the meta network of a level and the widths between its input and output. */
    public Parts metaNetwork(
        Level level, List<Integer> between, Function<MetaContext, MetaNetwork> factory) {
      return metaNetwork(level, LayersBetween.of(between), factory);
    }

    public Parts metaNetwork(
        Level level, LayersBetween between, Function<MetaContext, MetaNetwork> factory) {
      layers.put(level, between);
      metaNetworks.put(level, factory);
      return this;
    }

    /** Creates the model; the caller closes it. */
    public ModelHarness create() {
      return new ModelHarness(this);
    }

    ModelShape shape() {
      return shape;
    }

    int knowledgeSize() {
      return knowledgeSize;
    }

    Backbone createBackbone(ModelContext context) {
      return backbone.apply(context);
    }

    MetaNetwork createMetaNetwork(MetaContext context) {
      Function<MetaContext, MetaNetwork> factory = metaNetworks.get(context.level());
      if (factory == null) {
        throw new AssertionError("the test names no meta network for level " + context.level());
      }
      return factory.apply(context);
    }

    LayersBetween layers(Level level) {
      return layers.getOrDefault(level, LayersBetween.of(List.of()));
    }
  }
}
