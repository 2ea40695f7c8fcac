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
import org.llm4msr.toolkit.model.Mlp;
import org.llm4msr.toolkit.model.ScenarioTowers;

/**
 * Parameter personalised network of PEPNet (Chang et al., KDD 2023), with scenarios in place of
 * tasks. g = [prior fields, x without gradient]; layer i of scenario s computes h = act(W_s,i h +
 * b_s,i) * 2 sigmoid(V_s,i relu(U_i g)), where * is element-wise; logit = the scenario's last
 * layer, whose input is hidden. For users and items that differ within a scenario.
 *
 * <p>All scenarios share a gate network except its last layer, which is the scenario's own. Tower
 * layers are normalised over the rows of their scenario, before the activation.
 */
final class PpNet implements Backbone {

  private final PriorFields priors;
  private final List<Mlp> layers = new ArrayList<>();
  private final List<PpNetGate> gates = new ArrayList<>();
  private final ScenarioTowers towers;
  private final int hiddenSize;

  PpNet(PpNetConfig config, ModelContext context) {
    int width = context.layout().width();
    priors = PriorFields.of(context.layout(), config.priors());
    int seen = priors.width() + width;
    int scenarios = context.scenarios().size();
    for (int out : config.layers()) {
      ModelContext layer = context.scope("layer." + layers.size());
      layers.add(new Mlp(layer.each("scenario", scenarios), width, List.of(out), config.block()));
      gates.add(new PpNetGate(layer.scope("gate"), seen, out));
      width = out;
    }
    hiddenSize = width;
    towers = new ScenarioTowers(context, width, List.of(), config.block());
  }

  @Override
  public BackboneOutput forward(Pass pass, Features features) {
    NDArray x = features.flat();
    NDArray seen = priors.of(x).concat(x.stopGradient(), 1);
    GroupedRows h = GroupedRows.of(pass.scenarios(), x);
    for (int i = 0; i < layers.size(); i++) {
      h = layers.get(i).forward(pass, h).with(gates.get(i).forward(pass, seen), NDArray::mul);
    }
    return new BackboneOutput(h.toRows(), towers.forward(pass, h));
  }

  @Override
  public int hiddenSize() {
    return hiddenSize;
  }
}
