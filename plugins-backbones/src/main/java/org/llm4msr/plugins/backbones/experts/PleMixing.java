package org.llm4msr.plugins.backbones.experts;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import java.util.ArrayList;
import java.util.List;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.Pass;
import org.llm4msr.toolkit.model.ExpertGroup;
import org.llm4msr.toolkit.model.Gate;
import org.llm4msr.toolkit.model.Linear;

/** A level of {@link Ple} below the last: all rows pass through the experts of all scenarios. */
final class PleMixing {

  private final List<ExpertGroup> specific = new ArrayList<>();
  private final List<Gate> gates = new ArrayList<>();
  private final ExpertGroup shared;
  private final Linear ofSpecific;
  private final Linear ofShared;

  /**
   * The arrays that are passed from level to level, (B, width) each.
   *
   * @param specific one array per scenario, by rank
   */
  record Flow(List<NDArray> specific, NDArray shared) {}

  PleMixing(PleConfig config, ModelContext context, int in) {
    shared = experts(config, context.scope("shared"), in, config.sharedExperts());
    int own = config.specificExperts();
    int scenarios = context.scenarios().size();
    for (int rank = 0; rank < scenarios; rank++) {
      ModelContext scope = context.scope("specific." + rank);
      specific.add(experts(config, scope, in, own));
      gates.add(Gate.shared(scope, in, own + config.sharedExperts()));
    }
    // Separate, so that the scores of scenarios have an array that can grow with them.
    ofSpecific = new Linear(context.scope("shared").scope("gate-specific"), in, own * scenarios);
    ofShared = new Linear(context.scope("shared").scope("gate-shared"), in, config.sharedExperts());
  }

  private static ExpertGroup experts(PleConfig config, ModelContext context, int in, int count) {
    return new ExpertGroup(context, in, count, config.expert(), config.block());
  }

  Flow forward(Pass pass, Flow flow) {
    NDArray common = shared.forward(pass, flow.shared());
    NDList all = new NDList();
    List<NDArray> mixed = new ArrayList<>();
    for (int rank = 0; rank < specific.size(); rank++) {
      NDArray x = flow.specific().get(rank);
      NDArray own = specific.get(rank).forward(pass, x);
      mixed.add(Gate.mix(pass, gates.get(rank).forward(pass, x), own.concat(common, 1)));
      all.add(own);
    }
    all.add(common);
    NDArray scores = ofSpecific.forward(flow.shared()).concat(ofShared.forward(flow.shared()), 1);
    return new Flow(mixed, Gate.mix(pass, scores.softmax(-1), NDArrays.concat(all, 1)));
  }
}
