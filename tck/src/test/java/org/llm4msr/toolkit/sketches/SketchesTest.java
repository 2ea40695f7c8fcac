package org.llm4msr.toolkit.sketches;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.llm4msr.api.data.FieldKind;
import org.llm4msr.api.data.FieldRole;
import org.llm4msr.api.model.FeatureLayout;
import org.llm4msr.api.model.Field;
import org.llm4msr.api.model.FusionContext;
import org.llm4msr.api.model.FusionHead;
import org.llm4msr.api.model.Level;
import org.llm4msr.api.model.MetaContext;
import org.llm4msr.api.model.MetaNetwork;
import org.llm4msr.api.model.Scenario;
import org.llm4msr.runtime.model.ModelShape;
import org.llm4msr.tck.harness.ModelHarness;
import org.llm4msr.tck.harness.ModelRules;
import org.llm4msr.tck.harness.TestBatch;

/**
 * Runs the sketches that prove the design of the SPI: they are complete models, not only
 * signatures.
 */
@Tag("engine")
class SketchesTest {

  private static final int KNOWLEDGE = 3;
  private static final ModelShape SHAPE = shape();

  private static ModelShape shape() {
    List<Field> fields = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      fields.add(new Field("f" + i, FieldRole.ITEM, new FieldKind.Categorical(), 2 * i, 2));
    }
    List<Scenario> scenarios = new ArrayList<>();
    for (int rank = 0; rank < 4; rank++) {
      scenarios.add(new Scenario(rank, "s" + rank, 100L * (rank % 3)));
    }
    return new ModelShape(new FeatureLayout(fields), scenarios, 5);
  }

  static Stream<Named<ModelHarness.Parts>> models() {
    return Stream.of(
        Named.of("SharedBottom", ModelHarness.of(SHAPE, SharedBottomSketch::new)),
        Named.of("STAR", ModelHarness.of(SHAPE, StarSketch::new)),
        Named.of("AITM", ModelHarness.of(SHAPE, AitmSketch::new)),
        Named.of("PLE", ModelHarness.of(SHAPE, PleSketch::new)),
        Named.of("AdaSparse", ModelHarness.of(SHAPE, AdaSparseSketch::new)),
        Named.of("hierarchical", head(HierarchicalSketch::new, LowRankMetaSketch::new)),
        Named.of("EPNet", head(EpNetSketch::new, LowRankMetaSketch::new)));
  }

  private static ModelHarness.Parts head(
      Function<FusionContext, FusionHead> head, Function<MetaContext, MetaNetwork> meta) {
    return ModelHarness.of(SHAPE, SharedBottomSketch::new)
        .head(KNOWLEDGE, head)
        .metaNetwork(Level.USER, List.of(4), meta)
        .metaNetwork(Level.SCENARIO, List.of(3), meta);
  }

  @ParameterizedTest
  @MethodSource("models")
  void areWholeModels(ModelHarness.Parts parts) {
    check(parts);
    try (ModelHarness model = parts.create()) {
      ModelRules.assertGradientReachesEveryParameter(model, batch());
    }
  }

  /** DN leaves the backbone's own towers unused, so that no gradient reaches them. */
  @ParameterizedTest
  @MethodSource("dynamicNetwork")
  void aHeadMayTakeTheHiddenUnitsAlone(ModelHarness.Parts parts) {
    check(parts);
  }

  static Stream<Named<ModelHarness.Parts>> dynamicNetwork() {
    return Stream.of(Named.of("DN", head(DynamicNetworkSketch::new, LowRankMetaSketch::new)));
  }

  private static void check(ModelHarness.Parts parts) {
    ModelRules.assertDeterministic(parts, batch());
    try (ModelHarness model = parts.create()) {
      ModelRules.assertRowsAreIndependent(model, batch());
      ModelRules.assertOrderDoesNotMatter(model, batch());
    }
  }

  private static TestBatch batch() {
    return TestBatch.random(5, 40, 6, 4, 9, KNOWLEDGE, 5);
  }
}
