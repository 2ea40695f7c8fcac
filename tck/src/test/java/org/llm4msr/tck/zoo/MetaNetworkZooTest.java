package org.llm4msr.tck.zoo;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.llm4msr.api.model.Activation;
import org.llm4msr.api.model.Grouping;
import org.llm4msr.api.model.LayerSpec;
import org.llm4msr.api.model.Level;
import org.llm4msr.api.model.MetaContext;
import org.llm4msr.api.model.MetaNetwork;
import org.llm4msr.api.model.MetaNetworkFactory;
import org.llm4msr.api.model.MetaWeights;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.Pass;
import org.llm4msr.tck.KitRun;
import org.llm4msr.tck.MetaNetworkConformance;

/** Each flaw of a meta network breaks its rule and no other. */
class MetaNetworkZooTest extends ModelZooTest {

  static class Kit extends MetaNetworkConformance {
    @Override
    protected MetaNetworkFactory<?> factory() {
      return new ZooMetaFactory();
    }
  }

  MetaNetworkZooTest() {
    super(Kit.class);
    sharedFlaws(ModelFlaws.byRule());
    sharedFlaws(GuardFlaws.byRule());
    flaw("META-01", NeedsOtherThanThreeColumns::new);
    flaw("META-02", () -> new OtherLayers(s -> layers(s, s.hidden(), Activation.NONE)));
    flaw("META-03", () -> new OtherLayers(s -> layers(s, Activation.TANH, s.output())));
    flaw("META-10", () -> network(AppendsANumber::new));
    flaw("META-11", () -> network(ForgetsANumber::new));
    flaw("META-12", TakesOtherScenarios::new);
    flaw("META-13", () -> network(CutsKnowledge::new));
    flaw("META-20", () -> network(sound -> new BelongsToItsPass(sound, true)));
    flaw("META-20", () -> network(ChangesItsMind::new));
    flaw("META-21", () -> network(NotCacheable::new));
    flaw("RECORD-01", CutsColumns::new);
  }

  @Test
  void oneThatCannotBeKeptAndSaysSoKeepsAllRules() {
    Flaw.CAGE.put(() -> network(sound -> new BelongsToItsPass(sound, false)));

    assertThat(KitRun.ofQuick(Kit.class).failures()).isEmpty();
  }

  private static LayerSpec layers(LayerSpec spec, Activation hidden, Activation output) {
    return new LayerSpec(spec.inputWidth(), spec.widths(), hidden, output);
  }

  private static Flaw network(UnaryOperator<MetaNetwork> spoil) {
    return new Flaw() {
      @Override
      MetaNetwork network(MetaNetwork sound) {
        return spoil.apply(sound);
      }
    };
  }

  private static final class NeedsOtherThanThreeColumns extends Flaw {
    @Override
    NDArray output(Pass pass, NDArray x, NDArray y) {
      return y.getShape().get(1) == 3 ? y.expandDims(1) : y;
    }
  }

  private static final class OtherLayers extends Flaw {
    private final UnaryOperator<LayerSpec> change;

    OtherLayers(UnaryOperator<LayerSpec> change) {
      this.change = change;
    }

    @Override
    MetaContext context(MetaContext context) {
      return new ChangedContext(
          context.model(),
          context.level(),
          context.knowledgeSize(),
          change.apply(context.layers()));
    }
  }

  private record ChangedContext(
      ModelContext model, Level level, int knowledgeSize, LayerSpec layers)
      implements MetaContext {}

  private static final class AppendsANumber extends SpoiltMetaNetwork {
    AppendsANumber(MetaNetwork sound) {
      super(sound);
    }

    @Override
    public MetaWeights generate(Pass pass, NDArray knowledge) {
      NDList arrays = sound.generate(pass, knowledge).arrays();
      arrays.add(pass.manager().ones(new Shape(1)));
      return new MetaWeights(arrays);
    }
  }

  private static final class ForgetsANumber extends SpoiltMetaNetwork {
    ForgetsANumber(MetaNetwork sound) {
      super(sound);
    }

    @Override
    public long bytesPerGroup() {
      return sound.bytesPerGroup() - Float.BYTES;
    }
  }

  private static final class TakesOtherScenarios extends Flaw {
    private Level level;

    @Override
    MetaContext context(MetaContext context) {
      level = context.level();
      return context;
    }

    @Override
    MetaNetwork network(MetaNetwork sound) {
      return new SpoiltMetaNetwork(sound) {
        @Override
        public MetaWeights generate(Pass pass, NDArray knowledge) {
          return sound.generate(
              pass, level == Level.SCENARIO ? OtherKnowledge.reversed(knowledge) : knowledge);
        }
      };
    }
  }

  private static final class CutsKnowledge extends SpoiltMetaNetwork {
    CutsKnowledge(MetaNetwork sound) {
      super(sound);
    }

    @Override
    public MetaWeights generate(Pass pass, NDArray knowledge) {
      return sound.generate(pass, knowledge.stopGradient());
    }
  }

  /** Gives a different result if its weights were not made in the same pass. */
  private static final class BelongsToItsPass extends SpoiltMetaNetwork {
    private final ThreadLocal<Pass> last = new ThreadLocal<>();
    private final boolean cacheable;

    BelongsToItsPass(MetaNetwork sound, boolean cacheable) {
      super(sound);
      this.cacheable = cacheable;
    }

    @Override
    public MetaWeights generate(Pass pass, NDArray knowledge) {
      last.set(pass);
      return sound.generate(pass, knowledge);
    }

    @Override
    public NDArray apply(Pass pass, MetaWeights weights, Grouping grouping, NDArray x) {
      NDArray y = sound.apply(pass, weights, grouping, x);
      return last.get() == pass ? y : y.add(0.1f);
    }

    @Override
    public boolean cacheable() {
      return cacheable;
    }
  }

  private static final class ChangesItsMind extends SpoiltMetaNetwork {
    private int asked;

    ChangesItsMind(MetaNetwork sound) {
      super(sound);
    }

    @Override
    public boolean cacheable() {
      return ++asked != 12;
    }
  }

  /** Cuts its result by an index and joins it again. */
  private static final class CutsColumns extends Flaw {
    @Override
    NDArray output(Pass pass, NDArray x, NDArray y) {
      return y.getShape().get(1) == 1 ? y : y.get(":, 0:1").concat(y.get(":, 1:"), 1);
    }
  }

  private static final class NotCacheable extends SpoiltMetaNetwork {
    NotCacheable(MetaNetwork sound) {
      super(sound);
    }

    @Override
    public boolean cacheable() {
      return false;
    }
  }
}
