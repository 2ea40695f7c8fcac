package org.llm4msr.plugins.backbones.experts;

import ai.djl.ndarray.NDArray;
import org.llm4msr.api.model.Backbone;
import org.llm4msr.api.model.BackboneOutput;
import org.llm4msr.api.model.Features;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.Pass;
import org.llm4msr.toolkit.model.ExpertGroup;
import org.llm4msr.toolkit.model.Gate;
import org.llm4msr.toolkit.model.ScenarioTowers;

/**
 * Mixture of experts with one tower per scenario: hidden = sum over e of softmax(gate(x))_e *
 * expert_e(x), logit = tower(hidden). With one gate per scenario it is MMoE (Ma et al., KDD 2018),
 * for scenarios that share some structure but not all; with one gate for all it is OMoE, its
 * baseline in that paper. Normalisation in experts and gates is over the batch, in a tower over the
 * rows of its scenario.
 */
final class Mmoe implements Backbone {

  private final ExpertGroup experts;
  private final Gate gates;
  private final ScenarioTowers towers;

  private Mmoe(MmoeConfig config, ModelContext context, Gate gates) {
    experts =
        new ExpertGroup(
            context.scope("experts"),
            context.layout().width(),
            config.experts(),
            config.expert(),
            config.block());
    this.gates = gates;
    towers = new ScenarioTowers(context, experts.outputWidth(), config.tower(), config.block());
  }

  static Mmoe gateEach(MmoeConfig config, ModelContext context) {
    int width = context.layout().width();
    Gate gates = Gate.perScenario(context, width, config.experts(), config.gateBatchNorm());
    return new Mmoe(config, context, gates);
  }

  static Mmoe oneGate(MmoeConfig config, ModelContext context) {
    int width = context.layout().width();
    Gate gate = Gate.shared(context, width, config.experts(), config.gateBatchNorm());
    return new Mmoe(config, context, gate);
  }

  @Override
  public BackboneOutput forward(Pass pass, Features features) {
    NDArray weights = gates.forward(pass, features.flat());
    NDArray hidden = Gate.mix(pass, weights, experts.forward(pass, features.flat()));
    return new BackboneOutput(hidden, towers.forward(pass, hidden));
  }

  @Override
  public int hiddenSize() {
    return experts.outputWidth();
  }
}
