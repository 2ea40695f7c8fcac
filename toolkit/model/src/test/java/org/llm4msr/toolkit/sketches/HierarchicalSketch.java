package org.llm4msr.toolkit.sketches;

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
import org.llm4msr.toolkit.model.MetaNetworks;

/** LLM4MSR (CIKM 2024): the user level below the backbone, the scenario level beside it. */
final class HierarchicalSketch implements FusionHead {

  private final Backbone backbone;
  private final MetaNetwork user;
  private final MetaNetwork scenario;
  private final Parameter alpha;

  HierarchicalSketch(FusionContext context) {
    int width = context.model().layout().width();
    backbone = context.backbone(context.model().layout());
    user = context.metaNetwork(Level.USER, width, width);
    scenario = context.metaNetwork(Level.SCENARIO, width, 1);
    alpha =
        context.model().parameter("alpha", new Shape(1), new Initializer.Constant(0.5f), Decay.NO);
  }

  @Override
  public NDArray logits(Pass pass, Features features) {
    NDArray x = features.flat();
    NDArray adapted = MetaNetworks.apply(pass, user, pass.users(), features.userKnowledge(), x);
    NDArray h = backbone.forward(pass, features.withFlat(adapted)).logit();
    NDArray s =
        MetaNetworks.apply(pass, scenario, pass.scenarios(), features.scenarioKnowledge(), x);
    return h.add(s.squeeze(-1).sub(h).mul(alpha.array()));
  }
}
