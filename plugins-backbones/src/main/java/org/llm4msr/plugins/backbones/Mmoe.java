package org.llm4msr.plugins.backbones;

import ai.djl.ndarray.NDArray;
import org.llm4msr.api.model.Backbone;
import org.llm4msr.api.model.BackboneOutput;
import org.llm4msr.api.model.Features;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.Pass;
import org.llm4msr.api.support.ExpertGroup;
import org.llm4msr.api.support.Gate;
import org.llm4msr.api.support.ScenarioTowers;

/**
 * Multi-gate mixture of experts (Ma et al., KDD 2018) with a gate and a tower a scenario: hidden =
 * sum over e of softmax(gate(x))_e * expert_e(x), logit = tower(hidden). For scenarios that share
 * some structure but not all. Normalisation in experts and gates is over the batch, in a tower over
 * the rows of its scenario.
 */
final class Mmoe implements Backbone {

  private final ExpertGroup experts;
  private final Gate gates;
  private final ScenarioTowers towers;

  Mmoe(MmoeConfig config, ModelContext context) {
    int width = context.layout().width();
    experts =
        new ExpertGroup(
            context.scope("experts"), width, config.experts(), config.expert(), config.block());
    gates = Gate.perScenario(context, width, config.experts(), config.gateBatchNorm());
    towers = new ScenarioTowers(context, experts.outputWidth(), config.tower(), config.block());
  }

  @Override
  public BackboneOutput forward(Pass pass, Features features) {
    NDArray weights = gates.forward(pass, features.flat());
    NDArray hidden = Gate.mix(weights, experts.forward(pass, features.flat()));
    return new BackboneOutput(hidden, towers.forward(pass, hidden));
  }

  @Override
  public int hiddenSize() {
    return experts.outputWidth();
  }
}
