package org.llm4msr.tck;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.training.GradientCollector;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.llm4msr.api.model.Backbone;
import org.llm4msr.api.model.FusionContext;
import org.llm4msr.api.model.FusionHead;
import org.llm4msr.api.model.Level;
import org.llm4msr.api.model.MetaContext;
import org.llm4msr.api.model.MetaNetwork;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.runtime.model.DropoutMasks;
import org.llm4msr.runtime.model.EmbeddedFeatures;
import org.llm4msr.runtime.model.GroupingPlan;
import org.llm4msr.runtime.model.ModelShape;
import org.llm4msr.runtime.model.ParameterStore;
import org.llm4msr.runtime.model.PassContext;

/**
 * A model on one engine with everything the runtime would hand it, for tests: forward passes, and
 * gradients of all parameters and of the input. Parameters are named as in a run: {@code
 * backbone/...}, {@code fusion/...}, {@code meta/user/...}, {@code meta/scenario/...}.
 */
public final class ModelHarness implements AutoCloseable {

  private final NDManager manager = TestEngines.manager();
  private final ParameterStore store;
  private final FusionHead head;
  private final DropoutMasks masks;
  private final int fieldWidth;
  private long step;

  private ModelHarness(Parts parts) {
    store = new ParameterStore(manager, parts.seed);
    masks = new DropoutMasks(parts.seed);
    fieldWidth = parts.shape.layout().uniform() ? parts.shape.layout().fields().get(0).width() : 0;
    head = parts.head.apply(new HarnessFusionContext(store, parts));
    store.seal();
  }

  /** Starts a model over data of this shape. */
  public static Parts of(ModelShape shape, Function<ModelContext, Backbone> backbone) {
    return new Parts(shape, backbone);
  }

  /** Returns the parameters and buffers. */
  public ParameterStore store() {
    return store;
  }

  /** Returns the logits outside training. */
  public float[] infer(TestBatch batch) {
    try (NDManager pass = manager.newSubManager()) {
      return forward(pass, batch, flat(pass, batch), false).toFloatArray();
    }
  }

  /**
   * Runs one forward and backward pass of the loss sum over rows of factor * logit. Loss terms that
   * models add are left out.
   */
  public TestPass train(TestBatch batch, float[] factor) {
    store.zeroGradients();
    try (NDManager pass = manager.newSubManager()) {
      NDArray flat = flat(pass, batch);
      flat.setRequiresGradient(true);
      float[] logits;
      try (GradientCollector collector = TestEngines.engine().newGradientCollector()) {
        NDArray logit = forward(pass, batch, flat, true);
        logits = logit.toFloatArray();
        collector.backward(logit.mul(pass.create(factor)).sum());
      }
      step++;
      return new TestPass(logits, gradients(), flat.getGradient().toFloatArray());
    }
  }

  @Override
  public void close() {
    store.close();
    manager.close();
  }

  private NDArray forward(NDManager pass, TestBatch batch, NDArray flat, boolean training) {
    int scenarios = batch.scenarioTable().length;
    GroupingPlan byScenario = GroupingPlan.of(pass, batch.scenario(), batch.rows(), scenarios);
    GroupingPlan byUser =
        GroupingPlan.of(pass, batch.user(), batch.rows(), batch.userKnowledge().length);
    EmbeddedFeatures features =
        new EmbeddedFeatures(
            flat,
            fieldWidth,
            byScenario,
            pass.create(batch.scenarioTable()),
            pass.create(batch.userKnowledge()),
            pass.create(batch.scenarioKnowledge()));
    return head.logits(new PassContext(pass, training, step, byScenario, byUser, masks), features);
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

    private final ModelShape shape;
    private final Function<ModelContext, Backbone> backbone;
    private final Map<Level, Function<MetaContext, MetaNetwork>> metaNetworks =
        new EnumMap<>(Level.class);
    private final Map<Level, List<Integer>> layers = new EnumMap<>(Level.class);
    private Function<FusionContext, FusionHead> head =
        context -> {
          Backbone alone = context.backbone(context.model().layout());
          return (pass, features) -> alone.forward(pass, features).logit();
        };
    private int knowledgeSize;
    private long seed = 7;

    private Parts(ModelShape shape, Function<ModelContext, Backbone> backbone) {
      this.shape = shape;
      this.backbone = backbone;
    }

    /** Sets the seed of the first values. */
    public Parts seed(long value) {
      seed = value;
      return this;
    }

    /** Sets the fusion head; without one the backbone stands alone. */
    public Parts head(int knowledge, Function<FusionContext, FusionHead> factory) {
      knowledgeSize = knowledge;
      head = factory;
      return this;
    }

    /** Sets the meta network of a level and the widths between its input and output. */
    public Parts metaNetwork(
        Level level, List<Integer> between, Function<MetaContext, MetaNetwork> factory) {
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

    List<Integer> layers(Level level) {
      return layers.getOrDefault(level, List.of());
    }
  }
}
