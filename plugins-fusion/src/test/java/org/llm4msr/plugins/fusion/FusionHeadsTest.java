package org.llm4msr.plugins.fusion;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.llm4msr.api.model.Level;
import org.llm4msr.tck.ModelFixture;
import org.llm4msr.tck.ModelHarness;
import org.llm4msr.tck.TestBatch;

@Tag("engine")
class FusionHeadsTest {

  private static ModelHarness.Parts none(ModelFixture fixture) {
    return ModelHarness.of(fixture.shape(), SmallBackbone::new)
        .head(0, context -> new NoneFactory().create(new NoneConfig(), context));
  }

  private static ModelHarness.Parts hierarchical(
      ModelFixture fixture,
      int hidden,
      List<Integer> user,
      List<Integer> scenario,
      boolean residual) {
    HierarchicalConfig head = new HierarchicalConfig(0.5, residual);
    MlpMetaConfig meta = new MlpMetaConfig(hidden, 0.1);
    return ModelHarness.of(fixture.shape(), SmallBackbone::new)
        .head(fixture.knowledgeSize(), context -> new HierarchicalFactory().create(head, context))
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
