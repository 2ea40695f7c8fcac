package org.llm4msr.tck.harness;

import ai.djl.ndarray.NDArray;
import org.llm4msr.api.model.Backbone;
import org.llm4msr.api.model.Features;
import org.llm4msr.api.model.FusionContext;
import org.llm4msr.api.model.FusionHead;
import org.llm4msr.api.model.Level;
import org.llm4msr.api.model.MetaNetwork;
import org.llm4msr.api.model.Pass;
import org.llm4msr.toolkit.model.MetaNetworks;

/**
 * The head over meta networks under test: logit = backbone(layers_u(x)) + layers_s(x), so that all
 * of x passes through generated layers.
 */
public final class ReferenceHead implements FusionHead {

  private final Backbone backbone;
  private final MetaNetwork userLayers;
  private final MetaNetwork scenarioLayers;

  /** Asks for the parts. */
  public ReferenceHead(FusionContext context) {
    int width = context.model().layout().width();
    backbone = context.backbone(context.model().layout());
    userLayers = context.metaNetwork(Level.USER, width, width);
    scenarioLayers = context.metaNetwork(Level.SCENARIO, width, 1);
  }

  @Override
  public NDArray logits(Pass pass, Features features) {
    NDArray x = features.flat();
    NDArray personal =
        MetaNetworks.apply(pass, userLayers, pass.users(), features.userKnowledge(), x);
    NDArray general =
        MetaNetworks.apply(pass, scenarioLayers, pass.scenarios(), features.scenarioKnowledge(), x);
    return backbone.forward(pass, features.withFlat(personal)).logit().add(general.squeeze(-1));
  }
}
