package org.llm4msr.tck;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Nested;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.model.Backbone;
import org.llm4msr.api.model.BackboneFactory;
import org.llm4msr.api.model.BackboneOutput;
import org.llm4msr.api.model.FusionContext;
import org.llm4msr.api.model.FusionHead;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.ModelInput;
import org.llm4msr.runtime.model.HiddenCheck;
import org.llm4msr.runtime.model.ModelShape;
import org.llm4msr.tck.harness.Finding;
import org.llm4msr.tck.harness.ModelData;
import org.llm4msr.tck.harness.ModelHarness;
import org.llm4msr.tck.harness.SequenceData;
import org.llm4msr.tck.rule.Rule;

/**
 * The rules of backbones. Extend it and name the factory:
 *
 * <pre>{@code
 * class MyBackboneTest extends BackboneConformance {
 *   @Override
 *   protected BackboneFactory<?> factory() {
 *     return new MyBackboneFactory();
 *   }
 * }
 * }</pre>
 */
public abstract class BackboneConformance extends FeatureModelConformance<BackboneFactory<?>> {

  private @Nullable Seen seen;

  /** Makes the kit. */
  protected BackboneConformance() {
    super(BackboneFactory.class);
  }

  @Override
  final ModelHarness.Parts parts(ModelShape shape) {
    return ModelHarness.of(
            SequenceData.in(shape, declared()), context -> create(factory(), config(), context))
        .head(0, this::alone);
  }

  /** The backbone without a head; records its output. */
  private FusionHead alone(FusionContext context) {
    Backbone backbone = context.backbone(context.model().layout());
    return (pass, features) -> {
      BackboneOutput output = backbone.forward(pass, watched(features));
      NDArray hidden = output.hidden();
      seen =
          new Seen(
              output.logit().getShape(),
              output.logit().getDataType(),
              hidden == null ? null : hidden.getShape(),
              backbone.hiddenSize());
      return output.logit();
    };
  }

  @Override
  final Set<ModelInput> declared() {
    return inputs(factory(), config());
  }

  @Override
  final Object declarations() {
    return Map.of("hasHidden", hasHidden(factory(), config()), "inputs", declared());
  }

  private static <C extends Record> Backbone create(
      BackboneFactory<C> factory, Record config, ModelContext context) {
    return factory.create(factory.configType().cast(config), context);
  }

  private static <C extends Record> Set<ModelInput> inputs(
      BackboneFactory<C> factory, Record config) {
    return factory.inputs(factory.configType().cast(config));
  }

  private static <C extends Record> boolean hasHidden(BackboneFactory<C> factory, Record config) {
    return factory.hasHidden(factory.configType().cast(config));
  }

  private record Seen(Shape logit, DataType type, @Nullable Shape hidden, int hiddenSize) {}

  /** The output. */
  @Nested
  class Output {

    @Rule(
        id = "BACKBONE-01",
        says = "gives one float32 logit per row",
        checkFirst = {"squeeze(-1) at the end: (B), not (B, 1)"})
    final void givesOneLogitARow() {
      Seen output = run();
      long rows = ModelData.batch(ModelData.EVEN).rows();
      Finding.unlessEqual("logits of shape", new Shape(rows), output.logit());
      Finding.unlessEqual("logits of type", DataType.FLOAT32, output.type());
    }

    @Rule(
        id = "BACKBONE-02",
        says =
            "gives what enters its towers exactly where it says so; elsewhere, heads that need"
                + " it are refused",
        checkFirst = {
          "hasHidden(config), hiddenSize() and BackboneOutput.hidden() say the same",
          "hidden has the shape (B, hiddenSize())"
        })
    final void givesHiddenAsDeclared() {
      boolean declared = hasHidden(factory(), config());
      Seen output = run();
      Shape expected = new Shape(ModelData.batch(ModelData.EVEN).rows(), output.hiddenSize());
      if (declared) {
        Finding.unless(output.hiddenSize() > 0, "hiddenSize() above 0", output.hiddenSize());
        Finding.unless(expected.equals(output.hidden()), "hidden " + expected, output.hidden());
      } else {
        Finding.unless(output.hidden() == null, "no hidden", output.hidden());
        Finding.unlessEqual("hiddenSize()", 0, output.hiddenSize());
      }
      Finding.unlessEqual(
          "refusal of a head that needs hidden:", !declared, refusesAHead(declared));
    }

    @Rule(
        id = "BACKBONE-03",
        says = "gives logits, not probabilities: not all of them lie in [0, 1]",
        checkFirst = {
          "no sigmoid or softmax at the end: the runtime applies the sigmoid",
          "a product of probabilities has a logit as well: log p - log(1 - p)"
        })
    final void givesLogits() {
      unlessProbabilities();
    }

    private boolean refusesAHead(boolean declared) {
      try {
        HiddenCheck.require(Set.of(ModelInput.HIDDEN), "a head", declared, subject());
        return false;
      } catch (MsrException e) {
        return e.code().equals("model/NO_HIDDEN");
      }
    }

    private Seen run() {
      try (ModelHarness model = model(ModelData.EVEN)) {
        model.infer(ModelData.batch(ModelData.EVEN));
        Finding.unless(seen != null, "a forward pass", "none");
        return java.util.Objects.requireNonNull(seen);
      }
    }
  }
}
