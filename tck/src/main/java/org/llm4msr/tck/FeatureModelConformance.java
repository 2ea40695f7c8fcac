package org.llm4msr.tck;

import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Nested;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.PluginFactory;
import org.llm4msr.api.model.Features;
import org.llm4msr.api.model.ModelInput;
import org.llm4msr.runtime.model.DenseParameter;
import org.llm4msr.tck.harness.Finding;
import org.llm4msr.tck.harness.ModelData;
import org.llm4msr.tck.harness.ModelHarness;
import org.llm4msr.tck.harness.RecordingFeatures;
import org.llm4msr.tck.harness.SequenceData;
import org.llm4msr.tck.harness.TestBatch;
import org.llm4msr.tck.harness.TestPass;
import org.llm4msr.tck.harness.TestSeed;
import org.llm4msr.tck.rule.RequirementLevel;
import org.llm4msr.tck.rule.Rule;

/** The rules of models that read features: backbones and fusion heads. */
abstract class FeatureModelConformance<F extends PluginFactory<?>> extends ModelConformance<F> {

  private static final int SEEDS = 3;
  private static final float[] SIZES = {1, 10, 30};

  /** How much parameters grow from one size of inputs to the next. */
  private static final float GROWTH = 3;

  private final Set<ModelInput> read = EnumSet.noneOf(ModelInput.class);

  FeatureModelConformance(@SuppressWarnings("rawtypes") Class<? extends PluginFactory> service) {
    super(service);
  }

  /** Returns the inputs that the plugin declares. */
  abstract Set<ModelInput> declared();

  /** Returns all that the factory declares of what models read and give. */
  abstract Object declarations();

  /** Returns features that record what the plugin reads. */
  final Features watched(Features features) {
    return new RecordingFeatures(features, read);
  }

  /**
   * Throws a finding if all logits lie in [0, 1] and differ, for several seeds, inputs, knowledge
   * and parameters of several sizes. Logits of a model leave this interval for some of them; those
   * of a model that is dead are constant.
   */
  final void unlessProbabilities() {
    float least = Float.POSITIVE_INFINITY;
    float most = Float.NEGATIVE_INFINITY;
    for (int seed = 0; seed < SEEDS; seed++) {
      try (ModelHarness model =
          moved(parts(ModelData.EVEN).seed(TestSeed.value() + seed).create())) {
        for (float size : SIZES) {
          for (float logit : model.infer(batch().scaled(size).knowledgeScaled(size))) {
            if (!(logit >= 0 && logit <= 1)) {
              return;
            }
            least = Math.min(least, logit);
            most = Math.max(most, logit);
          }
          scale(model, GROWTH);
        }
      }
    }
    Finding.unless(
        least == most,
        "logits below 0 or above 1 for some inputs and parameters",
        "all from %s to %s".formatted(least, most));
  }

  /** The capability set: which inputs are read, and which are not. */
  @Nested
  class Inputs {

    @Rule(
        id = "INPUT-01",
        says = "reads no input that its factory does not declare",
        checkFirst = {
          "a backbone names inputs in inputs(config), a head in requires(config)",
          "what nobody names is neither loaded nor gathered in a run"
        })
    final void readsOnlyWhatItDeclares() {
      try (ModelHarness model = parts(ModelData.EVEN).inputs(declared()).create()) {
        model.infer(batch());
        model.train(batch(), factors(batch()));
      } catch (MsrException e) {
        throw new Finding("reads of " + declared() + " at most", e);
      }
    }

    @Rule(
        id = "INPUT-02",
        level = RequirementLevel.SHOULD,
        says = "reads every input that its factory declares",
        checkFirst = {"an input that is declared and not read is loaded and gathered in vain"})
    final void readsWhatItDeclares() {
      read.clear();
      try (ModelHarness model = parts(ModelData.EVEN).create()) {
        model.infer(batch());
        model.train(batch(), factors(batch()));
      }
      Set<ModelInput> unread = EnumSet.noneOf(ModelInput.class);
      unread.addAll(declared());
      unread.removeAll(read);
      // The input of the towers is read from the backbone, not from the features.
      unread.remove(ModelInput.HIDDEN);
      Finding.unless(unread.isEmpty(), "a read of " + declared(), "no read of " + unread);
    }

    @Rule(
        id = "INPUT-03",
        says = "works with fields of several widths, or refuses them where it declares FIELDS",
        checkFirst = {
          "the width of the input is layout().width(), of a field layout().fields().get(i).width()",
          "features.fields() needs ModelInput.FIELDS in the declared inputs"
        })
    final void fieldsMayHaveSeveralWidths() {
      boolean needsOneWidth = declared().contains(ModelInput.FIELDS);
      TestBatch batch = ModelData.batch(ModelData.UNEVEN);
      try (ModelHarness model = parts(ModelData.UNEVEN).create()) {
        Finding.unlessFinite("logits", model.infer(batch));
        Finding.unless(!needsOneWidth, "a refusal of fields of several widths", "logits");
      } catch (MsrException e) {
        if (!needsOneWidth) {
          throw new Finding("logits from fields of several widths", e);
        }
      }
    }
  }

  /** The capability set is a matter of the configuration. */
  @Nested
  class Declarations {

    @Rule(
        id = "INPUT-04",
        says = "declares what its models read and give the same at every call",
        checkFirst = {
          "hasHidden, inputs and requires answer from the configuration alone: no chance, clock or"
              + " counter",
          "a run is checked by one answer, and the model is built by another"
        })
    final void declaresTheSame() {
      Finding.unlessSteady("its declarations", FeatureModelConformance.this::declarations);
    }
  }

  /** What rows did before, for models that declare to read it. */
  @Nested
  class Sequences {

    @Rule(
        id = "SEQUENCE-01",
        says = "works in a run without sequences, and for rows without events",
        checkFirst = {
          "the sum of the mask is 0 then: no division by it, no softmax of nothing",
          "features.sequences() has none where model.sequences has none"
        })
    final void rowsMayHaveNoEvents() {
      if (declared().contains(ModelInput.SEQUENCES)) {
        staysFinite(parts(ModelData.EVEN).shape(ModelData.EVEN), batch());
        staysFinite(parts(ModelData.EVEN), batch().withoutEvents());
      }
    }

    private void staysFinite(ModelHarness.Parts parts, TestBatch batch) {
      try (ModelHarness model = parts.create()) {
        Finding.unlessFinite("logits", model.infer(batch));
        TestPass pass = model.train(batch, factors(batch));
        Finding.unlessFinite("logits in training", pass.logits());
        pass.gradients().forEach((name, g) -> Finding.unlessFinite("gradient of " + name, g));
      }
    }

    @Rule(
        id = "SEQUENCE-02",
        says = "reads nothing behind the last event of a row",
        checkFirst = {
          "a mean is the sum over the events by their number, not by the length",
          "a softmax over places needs the mask before and after"
        })
    final void readsNothingBehindTheLast() {
      if (!declared().contains(ModelInput.SEQUENCES)) {
        return;
      }
      try (ModelHarness model = model(ModelData.EVEN);
          ModelHarness longer =
              parts(ModelData.EVEN).shape(SequenceData.with(ModelData.EVEN, 3)).create()) {
        if (sizes(model).equals(sizes(longer))) { // Else it learns something of each place.
          longer.store().restore(model.store().snapshot());
          float[] expected = model.infer(batch());
          float[] found = longer.infer(batch());
          for (int row = 0; row < expected.length; row++) {
            Finding.unlessClose("logit of row " + row, expected[row], found[row]);
          }
        }
      }
    }

    private static Map<String, Integer> sizes(ModelHarness model) {
      return model.store().parameters().stream()
          .collect(Collectors.toMap(DenseParameter::name, DenseParameter::size));
    }
  }
}
