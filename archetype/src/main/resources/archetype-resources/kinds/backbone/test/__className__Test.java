package ${package};

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.llm4msr.api.data.FieldKind;
import org.llm4msr.api.data.FieldRole;
import org.llm4msr.api.model.BackboneFactory;
import org.llm4msr.api.model.Field;
import org.llm4msr.api.model.Scenario;
import org.llm4msr.tck.BackboneConformance;
import org.llm4msr.tck.harness.ModelHarness;
import org.llm4msr.tck.harness.TestBatch;

class ${className}Test {

  /** The rules that every backbone keeps. */
  @Nested
  class WithDefaults extends BackboneConformance {
    @Override
    protected BackboneFactory<?> factory() {
      return new ${className}Factory();
    }
  }

  @Nested
  class WithoutScenarioBias extends WithDefaults {
    @Override
    protected List<String> settings() {
      return List.of("layers=[32]", "dropout=0", "scenarioBias=false");
    }
  }

  /** The results of this backbone. */
  @Test
  void addsNetworkAndBiasOfTheScenario() {
    TestBatch batch = TestBatch.random(1, 6, 2, 2, 3, 1, 1);
    try (ModelHarness model = model(new ${className}Config(List.of(1), 0, true))) {
      model.set(
          Map.of(
              "backbone/network/layer.0/weight", new float[] {1, 2},
              "backbone/network/layer.0/bias", new float[] {0.5f},
              "backbone/logit/weight", new float[] {3},
              "backbone/logit/bias", new float[] {-1},
              "backbone/scenario/bias", new float[] {0, 10}));

      float[] logits = model.infer(batch);

      for (int row = 0; row < batch.rows(); row++) {
        float[] x = batch.flat()[row];
        float hidden = Math.max(0, x[0] + 2 * x[1] + 0.5f);
        float expected = 3 * hidden - 1 + 10 * batch.scenario()[row];
        assertEquals(expected, logits[row], 1e-5f, "row " + row);
      }
    }
  }

  private static ModelHarness model(${className}Config config) {
    Field field = new Field("item", FieldRole.ITEM, new FieldKind.Categorical(), 0, 2);
    List<Scenario> scenarios = List.of(new Scenario(0, "feed", 10), new Scenario(1, "search", 10));
    return ModelHarness.of(
            List.of(field),
            scenarios,
            1,
            context -> new ${className}Factory().create(config, context))
        .create();
  }
}
