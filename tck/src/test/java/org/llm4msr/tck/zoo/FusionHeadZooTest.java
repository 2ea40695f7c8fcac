package org.llm4msr.tck.zoo;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import java.util.Objects;
import java.util.function.UnaryOperator;
import org.llm4msr.api.data.FieldRole;
import org.llm4msr.api.model.Backbone;
import org.llm4msr.api.model.BackboneOutput;
import org.llm4msr.api.model.FeatureLayout;
import org.llm4msr.api.model.Features;
import org.llm4msr.api.model.FusionContext;
import org.llm4msr.api.model.FusionHeadFactory;
import org.llm4msr.api.model.Level;
import org.llm4msr.api.model.MetaNetwork;
import org.llm4msr.api.model.MetaWeights;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.Pass;
import org.llm4msr.tck.FusionHeadConformance;

/** Each flaw of a head breaks its rule and no other. */
class FusionHeadZooTest extends ModelZooTest {

  static class Kit extends FusionHeadConformance {
    @Override
    protected FusionHeadFactory<?> factory() {
      return new ZooHeadFactory();
    }
  }

  FusionHeadZooTest() {
    super(Kit.class);
    sharedFlaws(ModelFlaws.byRule());
    sharedFlaws(InputFlaws.byRule());
    sharedFlaws(GuardFlaws.byRule());
    flaw("FUSION-01", GivesAColumn::new);
    flaw("FUSION-02", () -> asking(NeedsHidden::new));
    flaw("FUSION-03", ModelFlaws.GivesProbabilities::new);
    flaw("FUSION-10", AsksTwice::new);
    flaw("FUSION-11", () -> asking(AnnouncesMore::new));
    flaw("FUSION-12", () -> asking(GeneratesForAll::new));
    UnaryOperator<NDArray> same = UnaryOperator.identity();
    flaw("FUSION-20", () -> given(same, OtherKnowledge::reversed, same));
    flaw("FUSION-21", () -> given(NDArray::stopGradient, same, same));
    flaw("FUSION-22", () -> given(same, same, NDArray::stopGradient));
  }

  private static final class GivesAColumn extends Flaw {
    @Override
    NDArray output(Pass pass, NDArray x, NDArray y) {
      return y.expandDims(1);
    }
  }

  private static Flaw given(
      UnaryOperator<NDArray> users,
      UnaryOperator<NDArray> scenarios,
      UnaryOperator<NDArray> items) {
    return new Flaw() {
      @Override
      Features given(Features features) {
        return new OtherKnowledge(features, users, scenarios, items);
      }
    };
  }

  private static Flaw asking(UnaryOperator<FusionContext> spoil) {
    return new Flaw() {
      @Override
      FusionContext context(FusionContext context) {
        return spoil.apply(context);
      }
    };
  }

  private static final class AsksTwice extends Flaw {
    @Override
    FusionContext context(FusionContext context) {
      context.backbone(context.model().layout());
      return context;
    }
  }

  /** Passes on the requests of the head. */
  private static class Asking implements FusionContext {
    final FusionContext context;

    Asking(FusionContext context) {
      this.context = context;
    }

    @Override
    public ModelContext model() {
      return context.model();
    }

    @Override
    public int knowledgeSize() {
      return context.knowledgeSize();
    }

    @Override
    public Backbone backbone(FeatureLayout layout) {
      return context.backbone(layout);
    }

    @Override
    public MetaNetwork metaNetwork(Level level, int inputWidth, int outputWidth) {
      return context.metaNetwork(level, inputWidth, outputWidth);
    }
  }

  private static final class NeedsHidden extends Asking {
    NeedsHidden(FusionContext context) {
      super(context);
    }

    @Override
    public Backbone backbone(FeatureLayout layout) {
      Backbone backbone = context.backbone(layout);
      return new Backbone() {
        @Override
        public BackboneOutput forward(Pass pass, Features features) {
          BackboneOutput output = backbone.forward(pass, features);
          Objects.requireNonNull(output.hidden(), "hidden is null");
          return output;
        }

        @Override
        public int hiddenSize() {
          return backbone.hiddenSize();
        }
      };
    }
  }

  private static final class AnnouncesMore extends Asking {
    AnnouncesMore(FusionContext context) {
      super(context);
    }

    @Override
    public Backbone backbone(FeatureLayout layout) {
      return context.backbone(layout.with("more", FieldRole.CONTEXT, 2));
    }
  }

  private static final class GeneratesForAll extends Asking {
    GeneratesForAll(FusionContext context) {
      super(context);
    }

    @Override
    public MetaNetwork metaNetwork(Level level, int inputWidth, int outputWidth) {
      return new SpoiltMetaNetwork(context.metaNetwork(level, inputWidth, outputWidth)) {
        @Override
        public MetaWeights generate(Pass pass, NDArray knowledge) {
          Shape all = new Shape(pass.users().groups(), knowledgeSize());
          sound.generate(pass, pass.manager().zeros(all));
          return sound.generate(pass, knowledge);
        }
      };
    }
  }
}
