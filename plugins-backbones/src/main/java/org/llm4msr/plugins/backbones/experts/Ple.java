package org.llm4msr.plugins.backbones.experts;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.llm4msr.api.model.Backbone;
import org.llm4msr.api.model.BackboneOutput;
import org.llm4msr.api.model.Features;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.Pass;
import org.llm4msr.toolkit.model.Gate;
import org.llm4msr.toolkit.model.GroupedRows;
import org.llm4msr.toolkit.model.ScenarioTowers;

/**
 * Progressive layered extraction (Tang et al., RecSys 2020), with scenarios in place of tasks. At
 * each level scenario s mixes its own experts and the shared ones, both applied to the outputs of
 * the previous level, with softmax(gate_s(x_s)); below the last level a shared gate mixes the
 * experts of all scenarios and the shared ones. hidden = the row's own mixture at the last level,
 * logit = tower of the row's scenario. For scenarios that harm each other in a model that shares
 * everything.
 *
 * <p>At the last level (or the only one) a row passes only through its scenario's experts, which
 * are normalised over the rows of that scenario. Below it, the shared gate needs the experts of all
 * scenarios for each row, and these are normalised over the batch.
 */
final class Ple implements Backbone {

  private final List<PleMixing> mixing = new ArrayList<>();
  private final PleExtraction last;
  private final ScenarioTowers towers;
  private final int hiddenSize;

  Ple(PleConfig config, ModelContext context) {
    int width = context.layout().width();
    hiddenSize = config.expert().get(config.expert().size() - 1);
    for (int i = 0; i + 1 < config.levels(); i++) {
      mixing.add(new PleMixing(config, context.scope("level." + i), width));
      width = hiddenSize;
    }
    last = new PleExtraction(config, context.scope("level." + mixing.size()), width);
    towers = new ScenarioTowers(context, hiddenSize, config.tower(), config.block());
  }

  @Override
  public BackboneOutput forward(Pass pass, Features features) {
    NDArray own = features.flat();
    NDArray shared = features.flat();
    if (!mixing.isEmpty()) {
      int scenarios = pass.scenarios().groups();
      PleMixing.Flow flow = new PleMixing.Flow(Collections.nCopies(scenarios, own), shared);
      for (PleMixing level : mixing) {
        flow = level.forward(pass, flow);
      }
      NDList both =
          GroupedRows.join(pass.scenarios(), ownOf(pass, flow.specific()).concat(flow.shared(), 1))
              .split(2, 1);
      own = both.get(0);
      shared = both.get(1);
    }
    NDArray hidden = last.forward(pass, GroupedRows.of(pass.scenarios(), own), shared);
    return new BackboneOutput(
        hidden, towers.forward(pass, GroupedRows.of(pass.scenarios(), hidden)));
  }

  /** Picks each row from its scenario's array. */
  private static NDArray ownOf(Pass pass, List<NDArray> specific) {
    NDArray own = pass.scenarios().rowValues(pass.manager().eye(specific.size()));
    return Gate.mix(pass, own, NDArrays.stack(new NDList(specific), 1));
  }

  @Override
  public int hiddenSize() {
    return hiddenSize;
  }
}
