package org.llm4msr.plugins.backbones.experts;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import java.util.ArrayList;
import java.util.List;
import org.llm4msr.api.model.Backbone;
import org.llm4msr.api.model.BackboneOutput;
import org.llm4msr.api.model.Features;
import org.llm4msr.api.model.Grouping;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.Pass;
import org.llm4msr.toolkit.model.ExpertGroup;
import org.llm4msr.toolkit.model.Gate;
import org.llm4msr.toolkit.model.Linear;
import org.llm4msr.toolkit.model.Scale;
import org.llm4msr.toolkit.model.ScenarioTowers;

/**
 * Hierarchical information extraction network (Zhou et al., ICDE 2023) with one task, so without
 * its layer of tasks. A group of experts gives E(x) = sum of softmax(gate(x))_k * expert_k(x): one
 * group that all scenarios share, G, and one per scenario, S_j. hidden of scenario s = [G(x),
 * S_s(x), sum over j other than s of a_sj S_j(x)] with a_s = softmax over j other than s of W e_s +
 * b, e_s the scenario embedding; logit = tower of its scenario. For scenarios of which only some
 * can learn from each other.
 *
 * <p>Every row passes through the experts of all scenarios, as the attention requires, so a step
 * costs more with more scenarios. Experts are normalised over the batch. One W serves all
 * scenarios, whose embeddings distinguish them.
 */
final class HiNet implements Backbone {

  private static final float NEVER = -1e9f;

  private final Experts shared;
  private final List<Experts> specific = new ArrayList<>();
  private final Linear attention;
  private final ScenarioTowers towers;
  private final int hiddenSize;

  private record Experts(ExpertGroup group, Gate gate) {

    Experts(HiNetConfig config, ModelContext context, int experts) {
      this(
          new ExpertGroup(
              context, context.layout().width(), experts, config.expert(), config.block()),
          Gate.shared(context, context.layout().width(), experts));
    }

    NDArray forward(Pass pass, NDArray x) {
      return Gate.mix(pass, gate.forward(pass, x), group.forward(pass, x));
    }
  }

  HiNet(HiNetConfig config, ModelContext context) {
    shared = new Experts(config, context.scope("shared"), config.sharedExperts());
    int scenarios = context.scenarios().size();
    for (int rank = 0; rank < scenarios; rank++) {
      ModelContext scope = context.scope("specific." + rank);
      specific.add(new Experts(config, scope, config.specificExperts()));
    }
    attention = new Linear(context.scope("attention"), context.scenarioEmbeddingSize(), scenarios);
    hiddenSize = 3 * shared.group().outputWidth();
    towers = new ScenarioTowers(context, hiddenSize, config.tower(), config.block());
  }

  @Override
  public BackboneOutput forward(Pass pass, Features features) {
    NDArray x = features.flat();
    NDArray all =
        NDArrays.stack(
            new NDList(specific.stream().map(experts -> experts.forward(pass, x)).toList()), 1);
    NDArray same = pass.manager().eye(specific.size());
    Grouping scenarios = pass.scenarios();
    NDArray own = Gate.mix(pass, scenarios.rowValues(same), all);
    NDArray weights = weightsOfOthers(features.scenarioTable(), same);
    NDArray others = Gate.mix(pass, scenarios.rowValues(weights), all);
    NDArray hidden = NDArrays.concat(new NDList(shared.forward(pass, x), own, others), 1);
    return new BackboneOutput(hidden, towers.forward(pass, hidden));
  }

  /**
   * Computes the weights of all other scenarios for each scenario; zeros if there is no other: (S,
   * S).
   */
  private NDArray weightsOfOthers(NDArray table, NDArray same) {
    NDArray scores = attention.forward(table).add(Scale.by(same, NEVER));
    return scores.softmax(-1).mul(same.neg().add(1f));
  }

  @Override
  public int hiddenSize() {
    return hiddenSize;
  }
}
