package org.llm4msr.toolkit.sketches;

import ai.djl.ndarray.NDArray;
import java.util.List;
import org.llm4msr.api.model.Activation;
import org.llm4msr.api.model.Backbone;
import org.llm4msr.api.model.Features;
import org.llm4msr.api.model.FusionContext;
import org.llm4msr.api.model.FusionHead;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.Pass;
import org.llm4msr.toolkit.model.BlockSettings;
import org.llm4msr.toolkit.model.Linear;
import org.llm4msr.toolkit.model.Mlp;
import org.llm4msr.toolkit.model.Scale;

/**
 * EPNet (PEPNet, KDD 2023): the input is multiplied by 2 sigmoid(MLP of the scenario embedding and
 * the input, whose gradient stops there).
 */
final class EpNetSketch implements FusionHead {

  private final Backbone backbone;
  private final Mlp gate;
  private final Linear scores;

  EpNetSketch(FusionContext context) {
    ModelContext model = context.model();
    int width = model.layout().width();
    int seen = model.scenarioEmbeddingSize() + width;
    BlockSettings block = BlockSettings.of(Activation.LEAKY_RELU);
    gate = new Mlp(model.scope("gate"), seen, List.of(8), block);
    scores = new Linear(model.scope("scores"), 8, width);
    backbone = context.backbone(model.layout());
  }

  @Override
  public NDArray logits(Pass pass, Features features) {
    NDArray x = features.flat();
    NDArray seen = features.scenarioEmbedding().concat(x.stopGradient(), 1);
    NDArray weights =
        Scale.by(Activation.SIGMOID.apply(scores.forward(gate.forward(pass, seen))), 2);
    return backbone.forward(pass, features.withFlat(x.mul(weights))).logit();
  }
}
