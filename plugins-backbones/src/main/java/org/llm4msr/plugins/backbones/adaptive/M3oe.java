package org.llm4msr.plugins.backbones.adaptive;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;
import org.llm4msr.api.model.Activation;
import org.llm4msr.api.model.Backbone;
import org.llm4msr.api.model.BackboneOutput;
import org.llm4msr.api.model.Decay;
import org.llm4msr.api.model.Features;
import org.llm4msr.api.model.Initializer;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.Parameter;
import org.llm4msr.api.model.Pass;
import org.llm4msr.toolkit.model.BlockSettings;
import org.llm4msr.toolkit.model.Gate;
import org.llm4msr.toolkit.model.GroupedRows;
import org.llm4msr.toolkit.model.Linear;
import org.llm4msr.toolkit.model.Scale;
import org.llm4msr.toolkit.model.ScenarioRouter;

/**
 * Multi-domain multi-task mixture of experts (Zhang et al., SIGIR 2024) with one task. e = block((W
 * * W_s) x + b + b_s) + block(x); shared experts are mixed by softmax(gate_s(e without gradient));
 * added to them, times the learned sigmoid(p), are the experts of scenarios: sigmoid(q) times that
 * of the row's scenario and (1 - sigmoid(q)) / (S - 1) times each other one. hidden = the sum,
 * logit = tower of the row's scenario. A block is a linear layer, normalisation of each row over
 * its columns, activation. For scenarios that gain from each other to a degree that training shall
 * find.
 *
 * <p>Every row passes through the experts of all scenarios, as the formula requires, so a step
 * costs more with more scenarios. With one task the paper's task experts would be one more shared
 * expert and are left out. p and q start at 1.
 */
final class M3oe implements Backbone {

  private final StarLayer star;
  private final LayerNormMlp aboveStar;
  private final LayerNormMlp skip;
  private final List<LayerNormMlp> shared = new ArrayList<>();
  private final List<LayerNormMlp> specific = new ArrayList<>();
  private final Gate gates;
  private final Parameter specificShare;
  private final Parameter ownShare;
  private final List<LayerNormMlp> towers = new ArrayList<>();
  private final List<Linear> logits = new ArrayList<>();
  private final int hiddenSize;

  M3oe(M3oeConfig config, ModelContext context) {
    int in = context.layout().width();
    int scenarios = context.scenarios().size();
    List<Integer> width = List.of(config.width());
    BlockSettings block = config.block();
    star = new StarLayer(context.scope("star"), "scenario", scenarios, in, config.starWidth());
    aboveStar = new LayerNormMlp(context.scope("above-star"), config.starWidth(), width, block);
    skip = new LayerNormMlp(context.scope("skip"), in, width, block);
    for (int e = 0; e < config.experts(); e++) {
      ModelContext scope = context.scope("shared." + e);
      shared.add(new LayerNormMlp(scope, config.width(), config.expert(), block));
    }
    hiddenSize = config.expert().get(config.expert().size() - 1);
    int out = config.tower().isEmpty() ? hiddenSize : config.tower().get(config.tower().size() - 1);
    for (int rank = 0; rank < scenarios; rank++) {
      ModelContext scope = context.scope("specific." + rank);
      specific.add(new LayerNormMlp(scope, config.width(), config.expert(), block));
      ModelContext tower = context.scope("tower." + rank);
      towers.add(new LayerNormMlp(tower, hiddenSize, config.tower(), block));
      logits.add(new Linear(tower.scope("logit"), out, 1));
    }
    gates = Gate.perScenario(context, config.width(), config.experts());
    specificShare = share(context, "specific-share");
    ownShare = share(context, "own-share");
  }

  private static Parameter share(ModelContext context, String name) {
    return context.parameter(name, new Shape(1), Initializer.ones(), Decay.NO);
  }

  @Override
  public BackboneOutput forward(Pass pass, Features features) {
    NDArray x = features.flat();
    NDArray e = star.forward(GroupedRows.of(pass.scenarios(), x)).toRows();
    NDArray seen = aboveStar.forward(pass, e).add(skip.forward(pass, x));
    NDArray weights = gates.forward(pass, seen.stopGradient());
    NDArray mixed = Gate.mix(pass, weights, outputs(pass, shared, seen));
    NDArray share = Activation.SIGMOID.apply(specificShare.array());
    NDArray hidden = mixed.add(balanced(pass, outputs(pass, specific, seen)).mul(share));
    return new BackboneOutput(hidden, logits(pass, hidden));
  }

  private static NDArray outputs(Pass pass, List<LayerNormMlp> experts, NDArray x) {
    return NDArrays.stack(
        new NDList(experts.stream().map(expert -> expert.forward(pass, x)).toList()), 1);
  }

  /** Mixes the experts of scenarios: (B, S, H) to (B, H). */
  private NDArray balanced(Pass pass, NDArray outputs) {
    NDArray own = pass.scenarios().rowValues(pass.manager().eye(specific.size()));
    NDArray ofOwn = Gate.mix(pass, own, outputs);
    NDArray share = Activation.SIGMOID.apply(ownShare.array());
    if (specific.size() == 1) {
      return ofOwn.mul(share);
    }
    NDArray ofOthers = outputs.sum(new int[] {1}).sub(ofOwn);
    NDArray rest = Scale.by(share.neg().add(1f), 1.0 / (specific.size() - 1));
    return ofOwn.mul(share).add(ofOthers.mul(rest));
  }

  private NDArray logits(Pass pass, NDArray hidden) {
    return ScenarioRouter.apply(
            pass.scenarios(),
            hidden,
            (rank, rows) -> logits.get(rank).forward(towers.get(rank).forward(pass, rows)))
        .squeeze(-1);
  }

  @Override
  public int hiddenSize() {
    return hiddenSize;
  }
}
