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
import org.llm4msr.api.model.FusionContext;
import org.llm4msr.api.model.FusionHead;
import org.llm4msr.api.model.Level;
import org.llm4msr.api.model.MetaNetwork;
import org.llm4msr.api.model.MetaNetworkFactory;
import org.llm4msr.api.model.Pass;
import org.llm4msr.api.model.Scenario;
import org.llm4msr.tck.MetaNetworkConformance;
import org.llm4msr.tck.harness.ModelHarness;
import org.llm4msr.tck.harness.TestBatch;

class ${className}Test {

  private static final int WIDTH = 2;

  /** The rules that every meta network keeps. */
  @Nested
  class WithDefaults extends MetaNetworkConformance {
    @Override
    protected MetaNetworkFactory<?> factory() {
      return new ${className}Factory();
    }
  }

  @Nested
  class OfLittleStrength extends WithDefaults {
    @Override
    protected List<String> settings() {
      return List.of("strength=0.1");
    }
  }

  /** The results of this meta network, where K is 1. */
  @Test
  void scalesAndShiftsWhatTheSharedLayerGives() {
    TestBatch batch = TestBatch.random(1, 6, WIDTH, 2, 3, 1, 1);
    try (ModelHarness model = model(new ${className}Config(0.5))) {
      model.set(
          Map.of(
              "meta/user/layer.0/weight", new float[] {1, 2},
              "meta/user/layer.0/scale/weight", new float[] {3},
              "meta/user/layer.0/scale/bias", new float[] {4},
              "meta/user/layer.0/shift/weight", new float[] {5},
              "meta/user/layer.0/shift/bias", new float[] {6}));

      float[] logits = model.infer(batch);

      for (int row = 0; row < batch.rows(); row++) {
        float[] x = batch.flat()[row];
        float knowledge = batch.userKnowledge()[batch.user()[row]][0];
        float scale = 1 + 0.5f * (3 * knowledge + 4);
        float expected = scale * (x[0] + 2 * x[1]) + 5 * knowledge + 6;
        assertEquals(expected, logits[row], 1e-4f, "row " + row);
      }
    }
  }

  private static ModelHarness model(${className}Config config) {
    Field field = new Field("item", FieldRole.ITEM, new FieldKind.Categorical(), 0, WIDTH);
    List<Scenario> scenarios = List.of(new Scenario(0, "feed", 10), new Scenario(1, "search", 10));
    return ModelHarness.of(List.of(field), scenarios, 1, context -> new Unused())
        .head(1, ${className}Test::head)
        .metaNetwork(
            Level.USER, List.of(), context -> new ${className}Factory().create(config, context))
        .create();
  }

  /** A head whose logit is what the layers of the user make of the input. */
  private static FusionHead head(FusionContext context) {
    context.backbone(context.model().layout());
    MetaNetwork network = context.metaNetwork(Level.USER, WIDTH, 1);
    return (pass, features) ->
        network
            .apply(
                pass,
                network.generate(pass, features.userKnowledge()),
                pass.users(),
                features.flat())
            .squeeze(-1);
  }

  private static final class Unused implements Backbone {
    @Override
    public BackboneOutput forward(Pass pass, Features features) {
      throw new AssertionError("the head has no use for it");
    }

    @Override
    public int hiddenSize() {
      return 0;
    }
  }
}
