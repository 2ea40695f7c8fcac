package org.llm4msr.tck;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Nested;
import org.llm4msr.api.model.Activation;
import org.llm4msr.api.model.Features;
import org.llm4msr.api.model.FusionContext;
import org.llm4msr.api.model.FusionHead;
import org.llm4msr.api.model.Grouping;
import org.llm4msr.api.model.Level;
import org.llm4msr.api.model.MetaContext;
import org.llm4msr.api.model.MetaNetwork;
import org.llm4msr.api.model.MetaNetworkFactory;
import org.llm4msr.api.model.Parameter;
import org.llm4msr.api.model.Pass;
import org.llm4msr.runtime.model.ModelShape;
import org.llm4msr.runtime.model.ParameterSnapshot;
import org.llm4msr.tck.harness.Finding;
import org.llm4msr.tck.harness.LayersBetween;
import org.llm4msr.tck.harness.ModelData;
import org.llm4msr.tck.harness.ModelHarness;
import org.llm4msr.tck.harness.ReferenceBackbone;
import org.llm4msr.tck.harness.ReferenceHead;
import org.llm4msr.tck.harness.ShiftedKnowledge;
import org.llm4msr.tck.harness.TestBatch;
import org.llm4msr.tck.harness.TestEngines;
import org.llm4msr.tck.harness.TestPass;
import org.llm4msr.tck.harness.TestSeed;
import org.llm4msr.tck.harness.WatchedMetaNetwork;
import org.llm4msr.tck.rule.RequirementLevel;
import org.llm4msr.tck.rule.Rule;
import org.llm4msr.toolkit.model.MetaNetworks;

/**
 * The rules of meta networks, which are tested at both levels of {@link ReferenceHead}. Extend it
 * and name the factory:
 *
 * <pre>{@code
 * class MyNetworkTest extends MetaNetworkConformance {
 *   @Override
 *   protected MetaNetworkFactory<?> factory() {
 *     return new MyNetworkFactory();
 *   }
 * }
 * }</pre>
 */
public abstract class MetaNetworkConformance extends ModelConformance<MetaNetworkFactory<?>> {

  private static final int OUTPUT = 2;

  /** Makes the kit. */
  protected MetaNetworkConformance() {
    super(MetaNetworkFactory.class);
  }

  @Override
  final ModelHarness.Parts parts(ModelShape shape) {
    return parts(shape, LayersBetween.USUAL, this::create, ReferenceHead::new);
  }

  private static ModelHarness.Parts parts(
      ModelShape shape,
      LayersBetween between,
      Function<MetaContext, MetaNetwork> network,
      Function<FusionContext, FusionHead> head) {
    return ModelHarness.of(shape, ReferenceBackbone::new)
        .head(ModelData.KNOWLEDGE, head)
        .metaNetwork(Level.USER, between, network)
        .metaNetwork(Level.SCENARIO, between, network)
        .metaNetwork(Level.ITEM, between, network);
  }

  private MetaNetwork create(MetaContext context) {
    return create(factory(), config(), context);
  }

  private static <C extends Record> MetaNetwork create(
      MetaNetworkFactory<C> factory, Record config, MetaContext context) {
    return factory.create(factory.configType().cast(config), context);
  }

  /** Makes a network of one level whose result (B, columns) replaces the logits. */
  private ModelHarness bare(Level level, LayersBetween between, int columns) {
    return moved(
        parts(ModelData.EVEN, between, this::create, context -> bareHead(level, columns, context))
            .seed(TestSeed.value())
            .create());
  }

  private static FusionHead bareHead(Level level, int columns, FusionContext context) {
    MetaNetwork network = context.metaNetwork(level, context.model().layout().width(), columns);
    return (pass, features) ->
        MetaNetworks.apply(
            pass, network, rows(pass, level), knowledge(features, level), features.flat());
  }

  private static Grouping rows(Pass pass, Level level) {
    return switch (level) {
      case USER -> pass.users();
      case SCENARIO -> pass.scenarios();
      case ITEM -> pass.items();
    };
  }

  private static NDArray knowledge(Features features, Level level) {
    return switch (level) {
      case USER -> features.userKnowledge();
      case SCENARIO -> features.scenarioKnowledge();
      case ITEM -> features.itemKnowledge();
    };
  }

  /** The layers that a configuration asks for. */
  @Nested
  class Layers {

    @Rule(
        id = "META-01",
        says =
            "gives a float32 row of the output's width for each row, whatever layers lie between",
        checkFirst = {
          "context.layers() may have one layer, or several of different widths",
          "(B, outputWidth), also where that is 1"
        })
    final void givesRowsOfTheOutputsWidth() {
      for (Level level : Level.values()) {
        for (List<Integer> between : List.of(List.<Integer>of(), List.of(3), List.of(4, 2))) {
          for (int columns : new int[] {1, 3}) {
            String prefix = "with " + between + " between, for a " + level + ", ";
            try (ModelHarness model = bare(level, LayersBetween.of(between), columns)) {
              Shape expected = new Shape(batch().rows(), columns);
              Finding.unlessEqual(
                  prefix + "rows", expected, model.infer(batch(), NDArray::getShape));
              Finding.unlessEqual(
                  prefix + "type", DataType.FLOAT32, model.infer(batch(), NDArray::getDataType));
            }
          }
        }
      }
    }

    @Rule(
        id = "META-02",
        says = "applies the activation of the output that it is asked for",
        checkFirst = {"layers.output() after the last layer, and nothing behind it"})
    final void appliesTheOutputsActivation() {
      ParameterSnapshot parameters;
      float[] plain;
      try (ModelHarness model = bare(Level.USER, between(Activation.RELU), OUTPUT)) {
        parameters = model.store().snapshot();
        plain = model.infer(batch());
      }
      for (Activation activation : Activation.values()) {
        LayersBetween layers = new LayersBetween(List.of(4), Activation.RELU, activation);
        try (ModelHarness model = bare(Level.USER, layers, OUTPUT)) {
          model.store().restore(parameters);
          float[] expected = activated(activation, plain);
          float[] actual = model.infer(batch());
          for (int i = 0; i < expected.length; i++) {
            Finding.unlessClose(
                activation + " of " + plain[i] + ", which NONE gives,", expected[i], actual[i]);
          }
        }
      }
    }

    private float[] activated(Activation activation, float[] values) {
      try (var manager = TestEngines.manager()) {
        return activation.apply(manager.create(values)).toFloatArray();
      }
    }

    @Rule(
        id = "META-03",
        says = "applies the activation between layers that it is asked for",
        checkFirst = {
          "layers.hidden() after every layer but the last; with NONE all is one affine map of x",
          "no activation of its own where the configuration names another"
        })
    final void appliesTheActivationBetween() {
      for (Activation activation : Activation.values()) {
        boolean affine = isAffine(activation);
        Finding.unlessEqual(
            "with " + activation + " between layers, an affine map of x:",
            activation == Activation.NONE,
            affine);
      }
    }

    /** Returns whether f is affine on the points -x, 0, x and 2x of all rows. */
    private boolean isAffine(Activation activation) {
      try (ModelHarness model = bare(Level.USER, between(activation), OUTPUT)) {
        float[] back = model.infer(batch().scaled(-1));
        float[] middle = model.infer(batch().scaled(0));
        float[] there = model.infer(batch());
        float[] far = model.infer(batch().scaled(2));
        return isLine(back, middle, there) && isLine(middle, there, far);
      }
    }

    private boolean isLine(float[] from, float[] through, float[] to) {
      return IntStream.range(0, from.length)
          .allMatch(i -> Math.abs(from[i] + to[i] - 2 * through[i]) < 1e-4f);
    }

    private LayersBetween between(Activation hidden) {
      return new LayersBetween(List.of(4), hidden, Activation.NONE);
    }
  }

  /** The generated weights. */
  @Nested
  class Weights {

    @Rule(
        id = "META-10",
        says = "generates arrays whose first axis is the group",
        checkFirst = {
          "(G, ...) each: the runtime cuts and joins weights along this axis",
          "what does not depend on the group is not a generated weight: fetch the parameter in"
              + " apply"
        })
    final void weightsLieByGroup() {
      for (Shape shape : generated(batch()).shapes()) {
        Finding.unless(
            shape.dimension() > 0 && shape.get(0) == users(batch()),
            "weights (" + users(batch()) + ", ...)",
            shape);
      }
    }

    @Rule(
        id = "META-11",
        says = "states the bytes that the weights of one group take",
        checkFirst = {
          "four bytes a number, all arrays of MetaWeights, biases included",
          "the largest form, where weights take several"
        })
    final void statesItsBytes() {
      Generated many = generated(batch());
      long largest = Math.max(many.bytes(), generated(oneRowAUser()).bytes());
      Finding.unlessEqual("bytesPerGroup()", largest, many.statedBytes());
    }

    @Rule(
        id = "META-12",
        says = "gives each group layers from its own knowledge, and from no other's",
        checkFirst = {
          "a mean, norm or softmax over axis 0 of knowledge mixes groups, of which a call has"
              + " only some",
          "the groups of blocks and segments are those of the knowledge's rows"
        })
    final void groupsAreTheirOwn() {
      for (Level level : Level.values()) {
        int[] groups = batch().groups(level);
        try (ModelHarness model = bare(level, LayersBetween.USUAL, 1)) {
          float[] before = model.infer(batch());
          float[] after = model.infer(batch().knowledgeMoved(level, 1));
          float moved = 0;
          for (int row = 0; row < groups.length; row++) {
            if (groups[row] == 1) {
              moved = Math.max(moved, Math.abs(after[row] - before[row]));
            } else {
              Finding.unlessClose(
                  "result of row " + row + " after the knowledge of another " + level + " changed,",
                  before[row],
                  after[row]);
            }
          }
          Finding.unless(
              moved > Finding.ROUNDING,
              "other results for the " + level + " whose knowledge changed",
              "the same");
        }
      }
    }

    @Rule(
        id = "META-13",
        says = "lets a gradient reach the knowledge",
        checkFirst = {
          "knowledge.missing: learned learns the knowledge of users without any by this gradient",
          "no stopGradient, toFloatArray or detached copy of knowledge"
        })
    final void knowledgeIsReached() {
      AtomicReference<Parameter> shift = new AtomicReference<>();
      ModelHarness.Parts parts =
          parts(
              ModelData.EVEN,
              LayersBetween.USUAL,
              MetaNetworkConformance.this::create,
              context -> shiftedHead(context, shift));
      try (ModelHarness model = moved(parts.create())) {
        TestPass pass = model.train(batch(), factors(batch()));
        String name = Objects.requireNonNull(shift.get()).name();
        Finding.unless(reaches(pass.gradients().get(name)), "a gradient", "none");
      }
    }

    private FusionHead shiftedHead(FusionContext context, AtomicReference<Parameter> made) {
      Parameter shift = ShiftedKnowledge.shift(context.model(), context.knowledgeSize());
      made.set(shift);
      ReferenceHead head = new ReferenceHead(context);
      return (pass, features) ->
          head.logits(pass, new ShiftedKnowledge(features, shift, Level.USER));
    }
  }

  /** Whether weights outlive the pass that made them. */
  @Nested
  class Keeping {

    @Rule(
        id = "META-20",
        says = "gives the same from weights of an earlier pass if it declares cacheable",
        checkFirst = {
          "cacheable() is false where generate looks at more than knowledge and parameters",
          "apply takes all that it needs from weights, whatever form generate chose for its batch",
          "nothing of generate is left in a field"
        })
    final void weightsMayBeKept() {
      Finding.unless(
          generated(batch()).steady(), "cacheable() the same at every call", "another answer");
      Finding.unless(
          !generated(batch()).cacheable() || keptDifference() <= Finding.ROUNDING,
          "the same from kept weights",
          "logits that differ by " + keptDifference());
    }

    @Rule(
        id = "META-21",
        level = RequirementLevel.SHOULD,
        says = "declares cacheable where weights may be kept",
        checkFirst = {"serving generates weights again for each request if cacheable() is false"})
    final void declaresThatWeightsMayBeKept() {
      Finding.unless(
          generated(batch()).cacheable() || keptDifference() > Finding.ROUNDING,
          "cacheable(), or logits that show why not",
          "false, and the same logits from kept weights");
    }

    /**
     * Returns the difference of logits between kept and fresh weights: weights generated for few
     * rows and used for many, and the reverse.
     */
    private float keptDifference() {
      return Math.max(
          keptDifference(oneRowAUser(), batch()), keptDifference(batch(), oneRowAUser()));
    }

    private float keptDifference(TestBatch first, TestBatch later) {
      float[] fresh = laterLogits(false, first, later);
      float[] kept = laterLogits(true, first, later);
      float difference = 0;
      for (int row = 0; row < fresh.length; row++) {
        difference = Math.max(difference, Math.abs(fresh[row] - kept[row]));
      }
      return difference;
    }

    private float[] laterLogits(boolean keepsWeights, TestBatch first, TestBatch later) {
      try (ModelHarness model =
          moved(
              parts(
                      ModelData.EVEN,
                      LayersBetween.USUAL,
                      context -> new WatchedMetaNetwork(create(context), keepsWeights),
                      ReferenceHead::new)
                  .seed(TestSeed.value())
                  .create())) {
        model.infer(first);
        return model.infer(later);
      }
    }
  }

  /** Returns one row of every user, in the order of users of the whole batch. */
  private static TestBatch oneRowAUser() {
    return batch().rows(IntStream.range(0, users(batch())).toArray());
  }

  private static int users(TestBatch batch) {
    return batch.userKnowledge().length;
  }

  /**
   * The weights that a network generated for the users of a batch, and what it states about them.
   *
   * @param bytes of the weights of one user
   * @param steady whether cacheable is the same at many calls
   */
  private record Generated(
      List<Shape> shapes, long bytes, long statedBytes, boolean cacheable, boolean steady) {}

  private Generated generated(TestBatch batch) {
    List<WatchedMetaNetwork> made = new ArrayList<>();
    ModelHarness.Parts parts =
        parts(
            ModelData.EVEN,
            LayersBetween.USUAL,
            context -> watched(made, context),
            context -> bareHead(Level.USER, 1, context));
    try (ModelHarness model = moved(parts.create())) {
      model.infer(batch);
      WatchedMetaNetwork network = made.get(0);
      long numbers = network.shapes().stream().mapToLong(Shape::size).sum();
      boolean cacheable = network.cacheable();
      return new Generated(
          network.shapes(),
          numbers * Float.BYTES / users(batch),
          network.bytesPerGroup(),
          cacheable,
          IntStream.range(0, Finding.CALLS).allMatch(i -> network.cacheable() == cacheable));
    }
  }

  private MetaNetwork watched(List<WatchedMetaNetwork> made, MetaContext context) {
    made.add(new WatchedMetaNetwork(create(context), false));
    return made.get(0);
  }
}
