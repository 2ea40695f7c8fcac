package org.llm4msr.toolkit.sketches;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.llm4msr.api.model.Activation;
import org.llm4msr.api.model.Backbone;
import org.llm4msr.api.model.Decay;
import org.llm4msr.api.model.Features;
import org.llm4msr.api.model.FusionContext;
import org.llm4msr.api.model.FusionHead;
import org.llm4msr.api.model.Initializer;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.Parameter;
import org.llm4msr.api.model.Pass;
import org.llm4msr.toolkit.model.BlockSettings;
import org.llm4msr.toolkit.model.GroupedRows;
import org.llm4msr.toolkit.model.Linear;
import org.llm4msr.toolkit.model.Mlp;

/**
 * DN, after M2M (WSDM 2022): z = MLP(scenario embedding) generates linear units; a = sigmoid(v *
 * LeakyReLU(Meta([h, scenario embedding]))) weighs the hidden units, h' = a * h; two layers
 * LeakyReLU(Meta(h') + h') and a linear one make the logit.
 */
final class DynamicNetworkSketch implements FusionHead {

  private final Backbone backbone;
  private final Mlp source;
  private final MetaUnit attention;
  private final Parameter attentionScale;
  private final List<MetaUnit> tower = new ArrayList<>();
  private final Linear logit;

  DynamicNetworkSketch(FusionContext context) {
    ModelContext model = context.model();
    backbone = context.backbone(model.layout());
    int hidden = backbone.hiddenSize();
    int embedding = model.scenarioEmbeddingSize();
    BlockSettings block = BlockSettings.of(Activation.LEAKY_RELU);
    source = new Mlp(model.scope("source"), embedding, List.of(4), block);
    attention = new MetaUnit(model.scope("attention"), hidden + embedding, hidden);
    attentionScale =
        model.parameter("attention-scale", new Shape(hidden), Initializer.ones(), Decay.YES);
    tower.add(new MetaUnit(model.scope("tower.0"), hidden, hidden));
    tower.add(new MetaUnit(model.scope("tower.1"), hidden, hidden));
    logit = new Linear(model.scope("logit"), hidden, 1);
  }

  @Override
  public NDArray logits(Pass pass, Features features) {
    NDArray hidden = backbone.forward(pass, features).hidden();
    NDArray h = Objects.requireNonNull(hidden, "hidden is null");
    NDArray z = source.forward(pass, features.scenarioTable());
    NDArray seen = h.concat(features.scenarioEmbedding(), 1);
    NDArray scores = Activation.LEAKY_RELU.apply(attention.forward(pass, z, seen));
    h = h.mul(Activation.SIGMOID.apply(scores.mul(attentionScale.array())));
    for (MetaUnit layer : tower) {
      h = Activation.LEAKY_RELU.apply(layer.forward(pass, z, h).add(h));
    }
    return logit.forward(h).squeeze(-1);
  }

  /** V x + c, with V and c of the row's scenario. */
  private record MetaUnit(Linear weight, Linear bias, int in, int out) {

    MetaUnit(ModelContext context, int in, int out) {
      this(
          new Linear(context.scope("weight"), 4, in * out),
          new Linear(context.scope("bias"), 4, out),
          in,
          out);
    }

    NDArray forward(Pass pass, NDArray z, NDArray x) {
      NDArray matrices = weight.forward(z).reshape(z.getShape().get(0), in, out);
      return GroupedRows.of(pass.scenarios(), x).linear(matrices, bias.forward(z)).toRows();
    }
  }
}
