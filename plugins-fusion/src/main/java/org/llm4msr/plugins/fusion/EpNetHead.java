package org.llm4msr.plugins.fusion;

import ai.djl.ndarray.NDArray;
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
 * EPNet (PEPNet, KDD 2023): logit = backbone(2 sigmoid(MLP([e, x])) * x), where e is the embedding
 * of the row's scenario. The gate reads x without passing a gradient to it, so that embeddings
 * learn only from what passes the gate.
 */
final class EpNetHead implements FusionHead {

  private final Backbone backbone;
  private final Mlp gate;
  private final Linear scores;

  EpNetHead(EpNetConfig config, FusionContext context) {
    ModelContext model = context.model();
    int width = model.layout().width();
    backbone = context.backbone(model.layout());
    gate =
        new Mlp(
            model.scope("gate"),
            model.scenarioEmbeddingSize() + width,
            config.gate(),
            BlockSettings.of(Activation.RELU));
    scores = new Linear(model.scope("gate").scope("scores"), gate.outputWidth(), width);
  }

  @Override
  public NDArray logits(Pass pass, Features features) {
    NDArray x = features.flat();
    NDArray seen = features.scenarioEmbedding().concat(x.stopGradient(), 1);
    NDArray open = Activation.SIGMOID.apply(scores.forward(gate.forward(pass, seen)));
    return backbone.forward(pass, features.withFlat(x.mul(Scale.by(open, 2)))).logit();
  }
}
