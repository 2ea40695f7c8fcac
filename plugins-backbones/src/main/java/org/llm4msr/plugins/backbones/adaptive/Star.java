package org.llm4msr.plugins.backbones.adaptive;

import ai.djl.ndarray.NDArray;
import java.util.ArrayList;
import java.util.List;
import org.llm4msr.api.model.Backbone;
import org.llm4msr.api.model.BackboneOutput;
import org.llm4msr.api.model.Features;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.Pass;
import org.llm4msr.toolkit.model.GroupedRows;
import org.llm4msr.toolkit.model.Linear;
import org.llm4msr.toolkit.model.Mlp;
import org.llm4msr.toolkit.model.PartitionedNorm;

/**
 * Star topology adaptive recommender (Sheng et al., CIKM 2021): the input is normalised with the
 * statistics of the row's scenario s, then layer i computes act((W_i * W_i,s) h + b_i + b_i,s),
 * where * is element-wise; logit = last layer(hidden) + auxiliary network(scenario embedding, x).
 * For many scenarios, including small ones, that each need some weights of their own.
 *
 * <p>The paper normalises the input of the first layer; hidden layers are not normalised here. It
 * does not state initial values: weights of scenarios start at 1 and biases at 0, so that all
 * scenarios start as the shared network. hidden is the input of the last layer.
 */
final class Star implements Backbone {

  private final PartitionedNorm norm;
  private final List<StarLayer> layers = new ArrayList<>();
  private final StarLayer logit;
  private final Mlp auxiliary;
  private final Linear auxiliaryLogit;
  private final StarConfig config;
  private final int hiddenSize;

  Star(StarConfig config, ModelContext context) {
    this.config = config;
    int width = context.layout().width();
    norm = new PartitionedNorm(context.scope("norm"), width);
    int scenarios = context.scenarios().size();
    int seen = width + context.scenarioEmbeddingSize();
    for (int out : config.layers()) {
      layers.add(
          new StarLayer(
              context.scope("layer." + layers.size()), "scenario", scenarios, width, out));
      width = out;
    }
    hiddenSize = width;
    logit = new StarLayer(context.scope("logit"), "scenario", scenarios, width, 1);
    ModelContext beside = context.scope("auxiliary");
    auxiliary = new Mlp(beside, seen, config.auxiliary(), config.block());
    auxiliaryLogit = new Linear(beside.scope("logit"), auxiliary.outputWidth(), 1);
  }

  @Override
  public BackboneOutput forward(Pass pass, Features features) {
    NDArray x = features.flat();
    GroupedRows h = norm.forward(pass, GroupedRows.of(pass.scenarios(), x));
    for (StarLayer layer : layers) {
      h = layer.forward(h).map(config.activation()::apply).dropout(pass, config.dropout());
    }
    NDArray seen = features.scenarioEmbedding().concat(x, 1);
    NDArray beside = auxiliaryLogit.forward(auxiliary.forward(pass, seen));
    return new BackboneOutput(h.toRows(), logit.forward(h).toRows().add(beside).squeeze(-1));
  }

  @Override
  public int hiddenSize() {
    return hiddenSize;
  }
}
