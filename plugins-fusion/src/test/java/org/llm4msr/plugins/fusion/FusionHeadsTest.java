package org.llm4msr.plugins.fusion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.llm4msr.api.model.FusionHeadFactory;
import org.llm4msr.api.model.Level;
import org.llm4msr.plugins.fusion.HierarchicalConfig.Placement;
import org.llm4msr.tck.ModelFixture;
import org.llm4msr.tck.harness.ModelHarness;
import org.llm4msr.tck.harness.TestBatch;

@Tag("engine")
class FusionHeadsTest {

  private static final HierarchicalConfig PUBLISHED =
      new HierarchicalConfig(Placement.BOTTOM, Placement.PARALLEL, 0.5, false);

  private static ModelHarness.Parts none(ModelFixture fixture) {
    return head(fixture, new NoneFactory(), new NoneConfig());
  }

  private static <C extends Record> ModelHarness.Parts head(
      ModelFixture fixture, FusionHeadFactory<C> factory, C config) {
    return ModelHarness.of(fixture.shape(), SmallBackbone::new)
        .inputs(factory.requires(config))
        .head(fixture.knowledgeSize(), context -> factory.create(config, context));
  }

  private static ModelHarness.Parts hierarchical(
      ModelFixture fixture,
      int hidden,
      List<Integer> user,
      List<Integer> scenario,
      boolean residual) {
    HierarchicalConfig head =
        new HierarchicalConfig(Placement.BOTTOM, Placement.PARALLEL, 0.5, residual);
    return levels(fixture, hidden, user, scenario, head);
  }

  private static ModelHarness.Parts levels(
      ModelFixture fixture,
      int hidden,
      List<Integer> user,
      List<Integer> scenario,
      HierarchicalConfig config) {
    return levels(fixture, new MlpMetaConfig(hidden, 0, 0.1), user, scenario, config);
  }

  private static ModelHarness.Parts levels(
      ModelFixture fixture,
      MlpMetaConfig meta,
      List<Integer> user,
      List<Integer> scenario,
      HierarchicalConfig config) {
    return head(fixture, new HierarchicalFactory(), config)
        .metaNetwork(Level.USER, user, context -> new MlpMetaFactory().create(meta, context))
        .metaNetwork(
            Level.SCENARIO, scenario, context -> new MlpMetaFactory().create(meta, context));
  }

  @Test
  void theHeadWithoutKnowledgeIsTheBackbone() {
    ModelFixture fixture = ModelFixture.read(FusionHeadsTest.class, "none");

    fixture.assertMatches(none(fixture));
  }

  @Test
  void theHierarchicalHeadAgreesWithAnIndependentImplementation() {
    ModelFixture fixture = ModelFixture.read(FusionHeadsTest.class, "hierarchical");

    fixture.assertMatches(hierarchical(fixture, 0, List.of(4), List.of(3), false));
  }

  @Test
  void theResidualFormWithABottleneckAgreesWithAnIndependentImplementation() {
    ModelFixture fixture = ModelFixture.read(FusionHeadsTest.class, "hierarchical-residual");

    fixture.assertMatches(hierarchical(fixture, 4, List.of(3, 2), List.of(2), true));
  }

  @Test
  void usersOfFewRowsAgreeWithAnIndependentImplementation() {
    ModelFixture fixture = ModelFixture.read(FusionHeadsTest.class, "hierarchical-few-rows");

    fixture.assertMatches(hierarchical(fixture, 3, List.of(4), List.of(3), false));
  }

  @ParameterizedTest
  @CsvSource({"low-rank, 0", "low-rank-few-rows, 4"})
  void layersOfLowRankAgreeWithAnIndependentImplementation(String name, int hidden) {
    ModelFixture fixture = ModelFixture.read(FusionHeadsTest.class, name);
    MlpMetaConfig meta = new MlpMetaConfig(hidden, 2, 0.1);

    fixture.assertMatches(levels(fixture, meta, List.of(4), List.of(4), PUBLISHED));
  }

  @Test
  void theDynamicNetworkAgreesWithAnIndependentImplementation() {
    ModelFixture fixture = ModelFixture.read(FusionHeadsTest.class, "dynamic-network");
    DynamicNetworkFactory factory = new DynamicNetworkFactory();
    fixture.assertMatches(head(fixture, factory, new DynamicNetworkConfig(List.of(3), 2)));

    ModelFixture deep = ModelFixture.read(FusionHeadsTest.class, "dynamic-network-deep");
    deep.assertMatches(head(deep, factory, new DynamicNetworkConfig(List.of(4, 3), 3)));
  }

  @Test
  void theGateOfEpNetAgreesWithAnIndependentImplementation() {
    ModelFixture fixture = ModelFixture.read(FusionHeadsTest.class, "epnet");
    fixture.assertMatches(head(fixture, new EpNetFactory(), new EpNetConfig(List.of(4, 3))));

    ModelFixture linear = ModelFixture.read(FusionHeadsTest.class, "epnet-linear");
    linear.assertMatches(head(linear, new EpNetFactory(), new EpNetConfig(List.of())));
  }

  @Test
  void appendedKnowledgeAgreesWithAnIndependentImplementation() {
    ModelFixture both = ModelFixture.read(FusionHeadsTest.class, "concat");
    ConcatConfig config = new ConcatConfig(List.of(Level.SCENARIO, Level.USER), 2);
    both.assertMatches(head(both, new ConcatFactory(), config));

    ModelFixture user = ModelFixture.read(FusionHeadsTest.class, "concat-user");
    config = new ConcatConfig(List.of(Level.USER), 3);
    user.assertMatches(head(user, new ConcatFactory(), config));
  }

  @ParameterizedTest
  @CsvSource({
    "levels-user, BOTTOM, NONE, false",
    "levels-scenario, NONE, PARALLEL, false",
    "levels-bottom, BOTTOM, BOTTOM, true",
    "levels-parallel, PARALLEL, PARALLEL, false",
    "levels-swapped, PARALLEL, BOTTOM, false"
  })
  void eachPlaceOfTheLevelsAgreesWithAnIndependentImplementation(
      String name, Placement user, Placement scenario, boolean residual) {
    ModelFixture fixture = ModelFixture.read(FusionHeadsTest.class, name);
    HierarchicalConfig config = new HierarchicalConfig(user, scenario, 0.5, residual);

    fixture.assertMatches(levels(fixture, 0, List.of(4), List.of(4), config));
  }

  @Test
  void withoutLevelsItIsTheBackbone() {
    ModelFixture fixture = ModelFixture.read(FusionHeadsTest.class, "none");
    HierarchicalConfig config = new HierarchicalConfig(Placement.NONE, Placement.NONE, 0.5, false);

    fixture.assertMatches(levels(fixture, 0, List.of(), List.of(), config));
  }

  /**
   * 50,000 times 50,000 weights for each dimension of the knowledge: more than an int can count.
   */
  @Test
  void layersThatNoArrayHoldsAreRefused() {
    ModelFixture fixture = ModelFixture.read(FusionHeadsTest.class, "hierarchical");
    ModelHarness.Parts parts = hierarchical(fixture, 0, List.of(50_000, 50_000), List.of(), false);

    assertThatThrownBy(parts::create).hasMessageContaining("[model/PARAMETER_TOO_LARGE]");
  }

  @Test
  void moreUsersThanAreGeneratedAtOnceGetTheLogitsTheyWouldGetAlone() {
    ModelFixture fixture = ModelFixture.read(FusionHeadsTest.class, "hierarchical");
    TestBatch batch = TestBatch.random(3, 1500, 6, 4, 1100, fixture.knowledgeSize(), 1);
    try (ModelHarness model = hierarchical(fixture, 0, List.of(4), List.of(3), false).create()) {
      float[] together = model.infer(batch);

      float[] training = model.train(batch, new float[1500]).logits();
      assertThat(training).containsExactly(together, Offset.offset(1e-5f));
      for (int row = 0; row < 1500; row += 97) {
        assertThat(model.infer(batch.rows(row)))
            .containsExactly(new float[] {together[row]}, Offset.offset(1e-5f));
      }
    }
  }
}
