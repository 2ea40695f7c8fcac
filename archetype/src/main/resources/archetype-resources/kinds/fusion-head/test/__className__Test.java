package ${package};

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.llm4msr.api.data.FieldKind;
import org.llm4msr.api.data.FieldRole;
import org.llm4msr.api.model.Backbone;
import org.llm4msr.api.model.BackboneOutput;
import org.llm4msr.api.model.Features;
import org.llm4msr.api.model.Field;
import org.llm4msr.api.model.FusionHeadFactory;
import org.llm4msr.api.model.Pass;
import org.llm4msr.api.model.Scenario;
import org.llm4msr.tck.FusionHeadConformance;
import org.llm4msr.tck.harness.ModelHarness;
import org.llm4msr.tck.harness.TestBatch;

class ${className}Test {

  /** The rules that every fusion head keeps. */
  @Nested
  class WithDefaults extends FusionHeadConformance {
    @Override
    protected FusionHeadFactory<?> factory() {
      return new ${className}Factory();
    }
  }

  /** A backbone whose logit is the sum of its input. */
  private static final class Sum implements Backbone {
    @Override
    public BackboneOutput forward(Pass pass, Features features) {
      return new BackboneOutput(null, features.flat().sum(new int[] {1}));
    }

    @Override
    public int hiddenSize() {
      return 0;
    }
  }

  /** The results of this head, where N is 1 and K is 2. */
  @Test
  void addsTheProductOfUserAndScenario() {
    TestBatch batch = TestBatch.random(1, 6, 2, 2, 3, 2, 1);
    try (ModelHarness model = model(new ${className}Config(1))) {
      model.set(
          Map.of(
              "fusion/user/weight", new float[] {1, 2},
              "fusion/user/bias", new float[] {3},
              "fusion/scenario/weight", new float[] {4, 5},
              "fusion/scenario/bias", new float[] {6}));

      float[] logits = model.infer(batch);

      for (int row = 0; row < batch.rows(); row++) {
        float[] x = batch.flat()[row];
        float[] user = batch.userKnowledge()[batch.user()[row]];
        float[] scenario = batch.scenarioKnowledge()[batch.scenario()[row]];
        float fit = (user[0] + 2 * user[1] + 3) * (4 * scenario[0] + 5 * scenario[1] + 6);
        assertEquals(x[0] + x[1] + fit, logits[row], 1e-4f, "row " + row);
      }
    }
  }

  private static ModelHarness model(${className}Config config) {
    Field field = new Field("item", FieldRole.ITEM, new FieldKind.Categorical(), 0, 2);
    List<Scenario> scenarios = List.of(new Scenario(0, "feed", 10), new Scenario(1, "search", 10));
    ${className}Factory factory = new ${className}Factory();
    return ModelHarness.of(List.of(field), scenarios, 1, context -> new Sum())
        .inputs(factory.requires(config))
        .head(2, context -> factory.create(config, context))
        .create();
  }
}
