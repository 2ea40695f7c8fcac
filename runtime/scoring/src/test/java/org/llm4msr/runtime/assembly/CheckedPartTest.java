package org.llm4msr.runtime.assembly;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.model.Backbone;
import org.llm4msr.api.model.BackboneOutput;
import org.llm4msr.api.model.Buffer;
import org.llm4msr.api.model.Decay;
import org.llm4msr.api.model.FeatureLayout;
import org.llm4msr.api.model.Features;
import org.llm4msr.api.model.FusionHead;
import org.llm4msr.api.model.Grouping;
import org.llm4msr.api.model.Initializer;
import org.llm4msr.api.model.MetaNetwork;
import org.llm4msr.api.model.MetaWeights;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.Parameter;
import org.llm4msr.api.model.Pass;
import org.llm4msr.runtime.kernels.DropoutMasks;
import org.llm4msr.runtime.model.EmbeddedFeatures;
import org.llm4msr.runtime.model.GroupingPlan;
import org.llm4msr.runtime.model.ModelShape;
import org.llm4msr.runtime.model.ParameterStore;
import org.llm4msr.runtime.model.PassContext;
import org.llm4msr.runtime.model.TestEngine;
import org.llm4msr.runtime.plugins.PluginCall;
import org.llm4msr.runtime.tables.Workers;

/** Parts of a model that break their contract in ways that would show elsewhere. */
@Tag("engine")
class CheckedPartTest {

  private static final int ROWS = 4;
  private static final String CLOSED =
      ", which the runtime and other plugins still read. Have it close only arrays that it made"
          + " itself and does not return; the runtime closes the others.";

  private NDManager manager;
  private NDManager step;
  private ParameterStore store;
  private Workers workers;
  private Parameter weight;
  private Buffer mean;
  private Pass pass;
  private NDArray knowledge;
  private Features features;

  @BeforeEach
  void open() {
    manager = TestEngine.manager();
    store = new ParameterStore(manager, 1);
    ModelContext context =
        store.context("backbone", new ModelShape(new FeatureLayout(List.of()), List.of(), 0));
    weight = context.parameter("weight", new Shape(3), Initializer.ones(), Decay.YES);
    mean = context.buffer("mean", new Shape(3), Initializer.zeros());
    step = manager.newSubManager();
    workers = new Workers(1);
    GroupingPlan plan = GroupingPlan.of(step, new int[ROWS], ROWS, 1, false);
    pass = new PassContext(step, false, 0, plan, plan, new DropoutMasks(1, workers));
    knowledge = step.ones(new Shape(1, 2));
    NDArray flat = step.ones(new Shape(ROWS, 3));
    features = new EmbeddedFeatures(flat, 0, plan, null, knowledge, null, null, null);
  }

  @AfterEach
  void close() {
    workers.close();
    step.close();
    store.close();
    manager.close();
  }

  @Test
  void aSoundBackboneIsHandedThrough() {
    BackboneOutput output =
        backbone(3, given -> new BackboneOutput(given.flat(), rows(given))).forward(pass, features);

    assertThat(output.logit().toFloatArray()).containsExactly(3, 3, 3, 3);
    assertThat(output.hidden()).isSameAs(features.flat());
  }

  @Test
  void nullIsRefused() {
    String rest = ". Have it return a value, or throw an exception that says why there is none.";
    refused("NULL", backbone(0, given -> null), "returned null from forward()" + rest);
    refused(
        "NULL",
        backbone(0, given -> new BackboneOutput(given.flat(), null)),
        "passed null to org.llm4msr.api.model.BackboneOutput in forward() (NullPointerException:"
            + " logit is null). Have it pass a value.");
    MsrException head =
        failure(() -> head((own, given) -> null).logits(pass, features), "plugin/NULL");
    assertThat(head)
        .hasMessage("[plugin/NULL] The fusion head 'odd' returned null from logits()" + rest);
    MetaNetwork network = network(null, null);
    assertThat(failure(() -> network.generate(pass, knowledge), "plugin/NULL"))
        .hasMessageContaining("The meta network 'odd' returned null from generate()");
    MetaWeights weights = new MetaWeights(new NDList());
    assertThat(
            failure(
                () -> network.apply(pass, weights, pass.users(), features.flat()), "plugin/NULL"))
        .hasMessageContaining("null from apply()");
  }

  @Test
  void aFaultWithNullInOtherCodeIsLeftAlone() {
    Backbone backbone = backbone(0, given -> new BackboneOutput(null, rows(null)));

    assertThatNullPointerException().isThrownBy(() -> backbone.forward(pass, features));
  }

  @Test
  void aHiddenStateOfAnotherWidthIsRefused() {
    refused(
        "HIDDEN_SIZE",
        backbone(5, given -> new BackboneOutput(given.flat(), rows(given))),
        "returned hidden() of the shape (4, 3) from forward(); its hiddenSize() is 5, so (4, 5) is"
            + " expected. Make the two agree.");
    refused(
        "HIDDEN_SIZE",
        backbone(5, given -> new BackboneOutput(null, rows(given))),
        "returned no hidden() from forward(); its hiddenSize() is 5, so (4, 5) is expected. Make"
            + " the two agree.");
  }

  @Test
  void whoClosesWhatOthersReadIsNamed() {
    refused(
        "CLOSED_ARRAY", closing(Features::flat), "closed features.flat() in forward()" + CLOSED);
  }

  @Test
  void whoUsesWhatItHasClosedIsNamed() {
    refused(
        "CLOSED_ARRAY",
        backbone(
            0,
            given -> {
              given.userKnowledge().close();
              return new BackboneOutput(null, given.userKnowledge().sum());
            }),
        "closed features.userKnowledge() in forward()" + CLOSED);
  }

  @Test
  void whoClosesAParameterIsNamed() {
    refused(
        "CLOSED_ARRAY",
        closing(given -> weight.array()),
        "closed the array of backbone/weight in forward()" + CLOSED);
  }

  @Test
  void whoClosesABufferIsNamed() {
    refused(
        "CLOSED_ARRAY",
        closing(given -> mean.array()),
        "closed the array of backbone/mean in forward()" + CLOSED);
  }

  @Test
  void whoClosesThePassIsNamed() {
    refused(
        "CLOSED_ARRAY",
        backbone(
            0,
            given -> {
              pass.manager().close();
              return new BackboneOutput(null, rows(given));
            }),
        "closed the manager of the pass in forward()" + CLOSED);
  }

  @Test
  void whoUsesAnArrayOfAnEarlierPassIsNamedWithTheWayOut() {
    NDArray kept = ofEarlierPass();
    refused(
        "CLOSED_ARRAY",
        backbone(0, given -> new BackboneOutput(null, rows(given).add(kept))),
        "used a closed array in forward(). What is made in a pass belongs to pass.manager(), which"
            + " is closed when the pass ends: have it make index arrays and masks again in each"
            + " pass, or as a buffer, and call array() of parameters there.");
  }

  private NDArray ofEarlierPass() {
    try (NDManager earlier = manager.newSubManager()) {
      return earlier.ones(new Shape(ROWS));
    }
  }

  @Test
  void whoInterruptsItsThreadIsNamed() {
    refused(
        "INTERRUPTED",
        backbone(
            0,
            given -> {
              Thread.currentThread().interrupt();
              return new BackboneOutput(null, rows(given));
            }),
        "interrupted its own thread in forward(). Have it leave Thread.interrupt() out: what writes"
            + " files next would fail.");
    assertThat(Thread.currentThread().isInterrupted()).isFalse();
  }

  @Test
  void aClosedResultIsRefused() {
    refused(
        "CLOSED_ARRAY",
        backbone(
            0,
            given -> {
              try (NDArray logit = rows(given)) {
                return new BackboneOutput(null, logit);
              }
            }),
        "closed logit(), its result, in forward()" + CLOSED);
  }

  @Test
  void theBackboneIsNamedAndNotTheHeadThatCallsIt() {
    Backbone inner = closing(Features::flat);
    FusionHead head = head((own, given) -> inner.forward(own, given).logit());

    assertThat(failure(() -> head.logits(pass, features), "plugin/CLOSED_ARRAY"))
        .hasMessageContaining("The backbone 'odd' closed features.flat()");
  }

  @Test
  void aMetaNetworkThatClosesItsInputIsNamed() {
    MetaNetwork network =
        network(
            given -> {
              given.close();
              return new MetaWeights(new NDList());
            },
            x -> {
              NDArray y = x.mul(2);
              x.close();
              return y;
            });

    assertThat(failure(() -> network.generate(pass, knowledge), "plugin/CLOSED_ARRAY"))
        .hasMessageContaining("The meta network 'odd' closed knowledge in generate()");
    MetaWeights weights = new MetaWeights(new NDList());
    NDArray x = step.ones(new Shape(ROWS, 2));
    assertThat(failure(() -> network.apply(pass, weights, pass.users(), x), "plugin/CLOSED_ARRAY"))
        .hasMessageContaining("closed x in apply()");
  }

  @Test
  void anOverflowNamesPluginAndLineInAFewFrames() {
    MsrException error =
        failure(
            () ->
                backbone(0, given -> new BackboneOutput(null, deeper(given)))
                    .forward(pass, features),
            "plugin/STACK_OVERFLOW");

    assertThat(error.getMessage())
        .matches(
            "\\[plugin/STACK_OVERFLOW\\] The backbone 'odd' in forward\\(\\) overflowed the stack,"
                + " in the calls of org\\.llm4msr\\.runtime\\.assembly\\.CheckedPartTest\\.deeper\\("
                + "CheckedPartTest\\.java:\\d+\\)\\. End the recursion; .*-Xss64m\\.");
    assertThat(error.getCause().getStackTrace()).hasSize(20);
  }

  @SuppressWarnings("InfiniteRecursion") // What is tested.
  private static NDArray deeper(Features given) {
    return deeper(given);
  }

  private static NDArray rows(Features given) {
    return given.flat().sum(new int[] {1});
  }

  private Backbone closing(Function<Features, NDArray> array) {
    return backbone(
        0,
        given -> {
          BackboneOutput output = new BackboneOutput(null, rows(given));
          array.apply(given).close();
          return output;
        });
  }

  private Backbone backbone(int size, Function<Features, @Nullable BackboneOutput> forward) {
    Backbone inner =
        new Backbone() {
          @Override
          public BackboneOutput forward(Pass own, Features given) {
            return forward.apply(given);
          }

          @Override
          public int hiddenSize() {
            return size;
          }
        };
    return new CheckedBackbone(inner, part("backbone", "backbone"), hidden -> {});
  }

  private FusionHead head(FusionHead inner) {
    return new CheckedHead(inner, part("fusion head", "fusion"), "The backbone with the head");
  }

  private MetaNetwork network(
      @Nullable Function<NDArray, MetaWeights> generate,
      @Nullable Function<NDArray, NDArray> apply) {
    MetaNetwork inner =
        new MetaNetwork() {
          @Override
          public MetaWeights generate(Pass own, NDArray given) {
            return generate == null ? null : generate.apply(given);
          }

          @Override
          public NDArray apply(Pass own, MetaWeights weights, Grouping grouping, NDArray x) {
            return apply == null ? null : apply.apply(x);
          }

          @Override
          public long bytesPerGroup() {
            return 0;
          }

          @Override
          public boolean cacheable() {
            return false;
          }
        };
    return new CheckedMetaNetwork(inner, part("meta network", "meta/user"));
  }

  private CheckedPart part(String kind, String scope) {
    return new CheckedPart(new PluginCall("The %s 'odd'".formatted(kind)), store::closed, scope);
  }

  private void refused(String code, Backbone backbone, String text) {
    MsrException error = failure(() -> backbone.forward(pass, features), "plugin/" + code);
    assertThat(error.text()).isEqualTo("The backbone 'odd' " + text);
  }

  private static MsrException failure(Runnable call, String code) {
    MsrException error = catchThrowableOfType(MsrException.class, call::run);
    assertThat(error.code()).isEqualTo(code);
    assertThat(error.type()).isEqualTo(ErrorType.PLUGIN);
    return error;
  }
}
