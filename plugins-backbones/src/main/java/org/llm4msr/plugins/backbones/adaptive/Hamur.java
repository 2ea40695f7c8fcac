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
import org.llm4msr.toolkit.model.ScenarioTowers;

/**
 * Hyper adapter for multi-domain recommendation (Li et al., CIKM 2023): each scenario has its own
 * MLP, whose last layers are followed by adapters h + norm_s(U2 M V2 sigmoid(U1 M V1 h + b1) + b2).
 * M = hyper(x), a small square matrix generated for each row, adapts the shared U and V to the row.
 * hidden = the output of the last adapter; logit = the scenario's last layer. For scenarios that
 * differ much, but whose rows still show what they share.
 *
 * <p>The hyper network ends in a linear layer, so that M has both signs; U and V start at random,
 * not at ones, which would keep their columns equal. The domain normalisation of an adapter has
 * statistics, scale and shift of the scenario; the MLPs are normalised over the rows of their
 * scenario, the hyper network over the batch.
 */
final class Hamur implements Backbone {

  private final List<Mlp> layers = new ArrayList<>();
  private final List<HamurAdapter> adapters = new ArrayList<>();
  private final Mlp hyper;
  private final Linear matrix;
  private final ScenarioTowers towers;
  private final int rank;
  private final int hiddenSize;

  Hamur(HamurConfig config, ModelContext context) {
    rank = config.rank();
    int width = context.layout().width();
    hyper = new Mlp(context.scope("hyper"), width, config.hyper(), config.block());
    matrix = new Linear(context.scope("hyper").scope("matrix"), hyper.outputWidth(), rank * rank);
    int first = config.layers().size() - config.adapters();
    int scenarios = context.scenarios().size();
    for (int out : config.layers()) {
      int index = layers.size();
      ModelContext layer = context.scope("layer." + index);
      layers.add(new Mlp(layer.each("scenario", scenarios), width, List.of(out), config.block()));
      if (index >= first) {
        adapters.add(new HamurAdapter(config, layer.scope("adapter"), out));
      }
      width = out;
    }
    hiddenSize = width;
    towers = new ScenarioTowers(context, width, List.of(), config.block());
  }

  @Override
  public BackboneOutput forward(Pass pass, Features features) {
    NDArray x = features.flat();
    NDArray m = matrix.forward(hyper.forward(pass, x)).reshape(-1, rank, rank);
    GroupedRows h = GroupedRows.of(pass.scenarios(), x);
    int first = layers.size() - adapters.size();
    for (int i = 0; i < layers.size(); i++) {
      h = layers.get(i).forward(pass, h);
      if (i >= first) {
        h = adapters.get(i - first).forward(pass, h, m);
      }
    }
    return new BackboneOutput(h.toRows(), towers.forward(pass, h));
  }

  @Override
  public int hiddenSize() {
    return hiddenSize;
  }
}
