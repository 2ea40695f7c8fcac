package org.llm4msr.plugins.fusion;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import org.llm4msr.api.model.Backbone;
import org.llm4msr.api.model.Decay;
import org.llm4msr.api.model.Features;
import org.llm4msr.api.model.FusionContext;
import org.llm4msr.api.model.FusionHead;
import org.llm4msr.api.model.Initializer;
import org.llm4msr.api.model.Level;
import org.llm4msr.api.model.MetaNetwork;
import org.llm4msr.api.model.Parameter;
import org.llm4msr.api.model.Pass;
import org.llm4msr.api.support.MetaNetworks;

/**
 * "Bottom and parallel" (LLM4MSR, CIKM 2024): the layers generated from a user's knowledge feed the
 * backbone, h = backbone(layers_u(x)); those generated from a scenario's knowledge run beside it, s
 * = layers_s(x); logit = alpha * s + (1 - alpha) * h with one learned alpha. User knowledge is
 * personal and cuts across scenarios, scenario knowledge is general.
 */
final class HierarchicalHead implements FusionHead {

  private final Backbone backbone;
  private final MetaNetwork userLayers;
  private final MetaNetwork scenarioLayers;
  private final Parameter alpha;
  private final boolean residual;

  HierarchicalHead(HierarchicalConfig config, FusionContext context) {
    int width = context.model().layout().width();
    backbone = context.backbone(context.model().layout());
    userLayers = context.metaNetwork(Level.USER, width, width);
    scenarioLayers = context.metaNetwork(Level.SCENARIO, width, 1);
    alpha =
        context
            .model()
            .parameter(
                "alpha",
                new Shape(1),
                new Initializer.Constant((float) config.initialAlpha()),
                Decay.NO);
    residual = config.residual();
  }

  @Override
  public NDArray logits(Pass pass, Features features) {
    NDArray x = features.flat();
    NDArray personal =
        MetaNetworks.apply(pass, userLayers, pass.users(), features.userKnowledge(), x);
    Features adapted = features.withFlat(residual ? personal.add(x) : personal);
    NDArray logit = backbone.forward(pass, adapted).logit();

    NDArray scenarioLogit =
        MetaNetworks.apply(pass, scenarioLayers, pass.scenarios(), features.scenarioKnowledge(), x)
            .squeeze(-1);
    return logit.add(scenarioLogit.sub(logit).mul(alpha.array()));
  }
}
