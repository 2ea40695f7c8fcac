package org.llm4msr.plugins.fusion;

import static java.util.Objects.requireNonNull;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;
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
 * DN, after M2M (WSDM 2022): z = MLP(e), where e is the embedding of a scenario; each Meta(x) = V x
 * + c has its own V and c, generated from the z of the row's scenario. a = sigmoid(v *
 * LeakyReLU(Meta([h, e]))) weighs the hidden units h of the backbone, t = a * h; layers t =
 * LeakyReLU(Meta(t) + t) form the tower, and a linear layer gives its logit.
 */
final class DynamicNetworkHead implements FusionHead {

  /** At the start most of V is the same for all scenarios, whose embeddings start near zero. */
  private static final double SHARE = 0.1;

  private final Backbone backbone;
  private final Mlp generator;
  private final GeneratedWeights attention;
  private final Parameter attentionScale;
  private final List<GeneratedWeights> tower = new ArrayList<>();
  private final Linear logit;

  DynamicNetworkHead(DynamicNetworkConfig config, FusionContext context) {
    ModelContext model = context.model();
    backbone = context.backbone(model.layout());
    int hidden = backbone.hiddenSize();
    int embedding = model.scenarioEmbeddingSize();
    generator =
        new Mlp(
            model.scope("generator"),
            embedding,
            config.generator(),
            BlockSettings.of(Activation.LEAKY_RELU));
    attention = meta(model.scope("attention"), hidden + embedding, hidden);
    attentionScale =
        model.parameter("attention-scale", new Shape(hidden), Initializer.ones(), Decay.YES);
    for (int i = 0; i < config.towerLayers(); i++) {
      tower.add(meta(model.scope("tower." + i), hidden, hidden));
    }
    logit = new Linear(model.scope("logit"), hidden, 1);
  }

  private GeneratedWeights meta(ModelContext context, int in, int out) {
    int inputs = generator.outputWidth();
    return new GeneratedWeights(context, inputs, inputs, in, out, 1.0 / in, SHARE);
  }

  @Override
  public NDArray logits(Pass pass, Features features) {
    NDArray given =
        requireNonNull(backbone.forward(pass, features).hidden(), "the backbone gave no hidden");
    NDArray hidden = GroupedRows.join(pass.scenarios(), given);
    NDArray z = generator.forward(pass, features.scenarioTable());
    NDArray seen = hidden.concat(features.scenarioEmbedding(), 1);
    GroupedRows attended =
        apply(pass, attention, z, GroupedRows.of(pass.scenarios(), seen)).map(this::attention);
    GroupedRows t = GroupedRows.of(pass.scenarios(), hidden).with(attended, NDArray::mul);
    for (GeneratedWeights layer : tower) {
      t = apply(pass, layer, z, t).with(t, NDArray::add).map(Activation.LEAKY_RELU::apply);
    }
    return logit.forward(t.toRows()).squeeze(-1);
  }

  private NDArray attention(NDArray scores) {
    NDArray weighed = Activation.LEAKY_RELU.apply(scores).mul(attentionScale.array());
    return Activation.SIGMOID.apply(weighed);
  }

  private static GroupedRows apply(Pass pass, GeneratedWeights layer, NDArray z, GroupedRows rows) {
    NDList own = GeneratedWeights.generate(pass, z, List.of(layer));
    return rows.linear(own.get(0), own.get(1));
  }
}
