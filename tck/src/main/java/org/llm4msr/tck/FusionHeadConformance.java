package org.llm4msr.tck;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.Collections;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Nested;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.model.FusionContext;
import org.llm4msr.api.model.FusionHead;
import org.llm4msr.api.model.FusionHeadFactory;
import org.llm4msr.api.model.Level;
import org.llm4msr.api.model.ModelInput;
import org.llm4msr.api.model.Parameter;
import org.llm4msr.runtime.model.HiddenCheck;
import org.llm4msr.runtime.model.ModelShape;
import org.llm4msr.tck.harness.Finding;
import org.llm4msr.tck.harness.HeadParts;
import org.llm4msr.tck.harness.LayersBetween;
import org.llm4msr.tck.harness.ModelData;
import org.llm4msr.tck.harness.ModelHarness;
import org.llm4msr.tck.harness.ReferenceBackbone;
import org.llm4msr.tck.harness.SequenceData;
import org.llm4msr.tck.harness.ShiftedKnowledge;
import org.llm4msr.tck.harness.TestBatch;
import org.llm4msr.tck.harness.TestPass;
import org.llm4msr.tck.rule.Rule;
import org.llm4msr.toolkit.model.MetaNetworks;

/**
 * The rules of fusion heads, which are tested with {@link ReferenceBackbone} and {@link
 * org.llm4msr.tck.harness.ReferenceMetaNetwork}. Extend it and name the factory:
 *
 * <pre>{@code
 * class MyHeadTest extends FusionHeadConformance {
 *   @Override
 *   protected FusionHeadFactory<?> factory() {
 *     return new MyHeadFactory();
 *   }
 * }
 * }</pre>
 */
public abstract class FusionHeadConformance extends FeatureModelConformance<FusionHeadFactory<?>> {

  /** Makes the kit. */
  protected FusionHeadConformance() {
    super(FusionHeadFactory.class);
  }

  @Override
  final ModelHarness.Parts parts(ModelShape shape) {
    return parts(shape, new HeadParts(true));
  }

  private ModelHarness.Parts parts(ModelShape shape, HeadParts parts) {
    return ModelHarness.of(SequenceData.in(shape, declared()), parts::backbone)
        .head(knowledgeSize(), context -> watchedHead(parts.recording(context)))
        .metaNetwork(Level.USER, LayersBetween.USUAL, parts::metaNetwork)
        .metaNetwork(Level.SCENARIO, LayersBetween.USUAL, parts::metaNetwork)
        .metaNetwork(Level.ITEM, LayersBetween.USUAL, parts::metaNetwork);
  }

  private FusionHead watchedHead(FusionContext context) {
    FusionHead head = create(factory(), config(), context);
    return (pass, features) -> head.logits(pass, watched(features));
  }

  private int knowledgeSize() {
    return Collections.disjoint(
            declared(),
            Set.of(
                ModelInput.USER_KNOWLEDGE,
                ModelInput.SCENARIO_KNOWLEDGE,
                ModelInput.ITEM_KNOWLEDGE))
        ? 0
        : ModelData.KNOWLEDGE;
  }

  @Override
  final Set<ModelInput> declared() {
    return requires(factory(), config());
  }

  @Override
  final Object declarations() {
    return Map.of("requires", declared());
  }

  /** If the head reads the hidden units, the backbone's own use of them is not needed. */
  @Override
  final boolean mayBeUnused(String parameter) {
    return declared().contains(ModelInput.HIDDEN)
        && parameter.startsWith("backbone/")
        && !parameter.startsWith("backbone/" + ReferenceBackbone.BOTTOM);
  }

  private static <C extends Record> FusionHead create(
      FusionHeadFactory<C> factory, Record config, FusionContext context) {
    return factory.create(factory.configType().cast(config), context);
  }

  private static <C extends Record> Set<ModelInput> requires(
      FusionHeadFactory<C> factory, Record config) {
    return factory.requires(factory.configType().cast(config));
  }

  /** The output. */
  @Nested
  class Output {

    @Rule(
        id = "FUSION-01",
        says = "gives one float32 logit per row",
        checkFirst = {"squeeze(-1) behind a meta network of one column: (B), not (B, 1)"})
    final void givesOneLogitARow() {
      try (ModelHarness model = model(ModelData.EVEN)) {
        Shape expected = new Shape(batch().rows());
        Finding.unlessEqual("logits of shape", expected, model.infer(batch(), NDArray::getShape));
        Finding.unlessEqual(
            "logits of type", DataType.FLOAT32, model.infer(batch(), NDArray::getDataType));
      }
    }

    @Rule(
        id = "FUSION-02",
        says =
            "works over a backbone that keeps what enters its towers, or is refused there because"
                + " it declares HIDDEN",
        checkFirst = {
          "hidden() may be null where requires(config) does not have ModelInput.HIDDEN",
          "hiddenSize() is 0 there"
        })
    final void worksWithoutHiddenOrIsRefused() {
      boolean needsHidden = declared().contains(ModelInput.HIDDEN);
      try {
        HiddenCheck.require(declared(), subject(), false, "a backbone without hidden");
      } catch (MsrException e) {
        Finding.unless(needsHidden, "no refusal", e.getMessage());
        return;
      }
      Finding.unless(!needsHidden, "a refusal", "none");
      try (ModelHarness model = moved(parts(ModelData.EVEN, new HeadParts(false)).create())) {
        Finding.unlessFinite("logits", model.infer(batch()));
      }
    }

    @Rule(
        id = "FUSION-03",
        says = "gives logits, not probabilities: not all of them lie in [0, 1]",
        checkFirst = {
          "no sigmoid or softmax at the end: the runtime applies the sigmoid",
          "a product of probabilities has a logit as well: log p - log(1 - p)"
        })
    final void givesLogits() {
      unlessProbabilities();
    }
  }

  /** How the head uses its parts. */
  @Nested
  class UseOfParts {

    @Rule(
        id = "FUSION-10",
        says = "asks for the backbone once, and for no meta network twice",
        checkFirst = {
          "ask in create, not in logits",
          "one meta network per level: its result can be used in several places"
        })
    final void asksOnce() {
      HeadParts parts = new HeadParts(true);
      try (ModelHarness model = parts(ModelData.EVEN, parts).create()) {
        model.infer(batch());
      }
      Finding.unlessEqual("requests for the backbone", 1, parts.backbones());
      for (Level level : Level.values()) {
        int requests = Collections.frequency(parts.metaNetworks(), level);
        Finding.unless(requests <= 1, "one meta network of level " + level + " at most", requests);
      }
    }

    @Rule(
        id = "FUSION-11",
        says = "gives its parts rows of the widths that it created them for",
        checkFirst = {
          "columns that are appended to x stand in the layout too: layout.with(name, role, width)",
          "metaNetwork(level, inputWidth, outputWidth) and what apply is given"
        })
    final void widthsAreAsAnnounced() {
      HeadParts parts = new HeadParts(true);
      try (ModelHarness model = moved(parts(ModelData.EVEN, parts).create())) {
        model.infer(batch());
        model.train(batch(), factors(batch()));
      }
      Finding.unless(
          parts.mismatches().isEmpty(), "rows as announced", String.join(", ", parts.mismatches()));
    }

    @Rule(
        id = "FUSION-12",
        says = "generates weights for " + MetaNetworks.GROUPS_AT_ONCE + " groups at once at most",
        checkFirst = {
          "toolkit.model.MetaNetworks.apply cuts the groups of a batch into such parts",
          "a full matrix for each of 3,500 users takes gigabytes"
        })
    final void generatesInParts() {
      HeadParts parts = new HeadParts(true);
      TestBatch users = ModelData.batch(ModelData.EVEN, 1200, 1100);
      try (ModelHarness model = parts(ModelData.EVEN, parts).create()) {
        model.infer(users);
      }
      Finding.unless(
          parts.mostGroups() <= MetaNetworks.GROUPS_AT_ONCE,
          "at most " + MetaNetworks.GROUPS_AT_ONCE + " groups at once",
          parts.mostGroups());
    }
  }

  /** The effect of knowledge. */
  @Nested
  class UseOfKnowledge {

    @Rule(
        id = "FUSION-20",
        says = "lets the knowledge that it declares move the logits of its own user or scenario",
        checkFirst = {
          "rowValues of pass.users() for users' knowledge, of pass.scenarios() for scenarios'",
          "rows of scenarioKnowledge() are ranks of scenarios, not places in segments()"
        })
    final void knowledgeMattersWhereItBelongs() {
      check(ModelInput.USER_KNOWLEDGE, Level.USER);
      check(ModelInput.SCENARIO_KNOWLEDGE, Level.SCENARIO);
    }

    private void check(ModelInput input, Level level) {
      if (!declared().contains(input)) {
        return;
      }
      int[] groups = batch().groups(level);
      try (ModelHarness model = model(ModelData.EVEN)) {
        float[] before = model.infer(batch());
        float[] after = model.infer(batch().knowledgeMoved(level, 1));
        float moved = 0;
        for (int row = 0; row < groups.length; row++) {
          moved = groups[row] == 1 ? Math.max(moved, Math.abs(after[row] - before[row])) : moved;
        }
        Finding.unless(
            moved > Finding.ROUNDING,
            "other logits for the " + level + " whose knowledge changed",
            "the same");
      }
    }

    @Rule(
        id = "FUSION-21",
        says = "lets a gradient reach users' knowledge where it declares that",
        checkFirst = {
          "knowledge.missing: learned learns the knowledge of users without any by this gradient",
          "no stopGradient, toFloatArray or detached copy of knowledge"
        })
    final void knowledgeIsReached() {
      if (declared().contains(ModelInput.USER_KNOWLEDGE)) {
        checkReached(Level.USER);
      }
    }

    private void checkReached(Level level) {
      AtomicReference<Parameter> shift = new AtomicReference<>();
      ModelHarness.Parts parts =
          parts(ModelData.EVEN)
              .head(ModelData.KNOWLEDGE, context -> shiftedHead(context, shift, level));
      try (ModelHarness model = moved(parts.create())) {
        TestPass pass = model.train(batch(), factors(batch()));
        String name = Objects.requireNonNull(shift.get()).name();
        Finding.unless(reaches(pass.gradients().get(name)), "a gradient", "none");
      }
    }

    @Rule(
        id = "FUSION-22",
        says =
            "lets items' knowledge, where it declares that, move the item's logits, and a gradient"
                + " reach it",
        checkFirst = {
          "rowValues of pass.items() for items' knowledge",
          "knowledge.items.missing: learned learns the knowledge of items without any"
        })
    final void itemKnowledgeMatters() {
      if (!declared().contains(ModelInput.ITEM_KNOWLEDGE)) {
        return;
      }
      check(ModelInput.ITEM_KNOWLEDGE, Level.ITEM);
      checkReached(Level.ITEM);
    }

    private FusionHead shiftedHead(
        FusionContext context, AtomicReference<Parameter> made, Level level) {
      Parameter shift = ShiftedKnowledge.shift(context.model().scope("kit"), ModelData.KNOWLEDGE);
      made.set(shift);
      FusionHead head = create(factory(), config(), new HeadParts(true).recording(context));
      return (pass, features) -> head.logits(pass, new ShiftedKnowledge(features, shift, level));
    }
  }
}
