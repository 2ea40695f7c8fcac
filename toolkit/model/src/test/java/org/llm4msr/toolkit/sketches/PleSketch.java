package org.llm4msr.toolkit.sketches;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.util.ArrayList;
import java.util.List;
import org.llm4msr.api.model.Activation;
import org.llm4msr.api.model.Backbone;
import org.llm4msr.api.model.BackboneOutput;
import org.llm4msr.api.model.Features;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.Pass;
import org.llm4msr.toolkit.model.BlockSettings;
import org.llm4msr.toolkit.model.ExpertGroup;
import org.llm4msr.toolkit.model.Gate;
import org.llm4msr.toolkit.model.ScenarioRouter;
import org.llm4msr.toolkit.model.ScenarioTowers;

/**
 * PLE (RecSys 2020) with two levels. In the first, every row passes through all experts, since the
 * shared gate mixes them all; in the second, a row passes through its scenario's experts and the
 * shared ones.
 */
final class PleSketch implements Backbone {

  private static final BlockSettings BLOCK = BlockSettings.of(Activation.LEAKY_RELU);
  private static final int SPECIFIC = 2;
  private static final int SHARED = 1;
  private static final int H = 5;

  private final int scenarios;
  private final ExpertGroup firstSpecific;
  private final ExpertGroup firstShared;
  private final Gate firstOwnGate;
  private final Gate firstSharedGate;
  private final List<ExpertGroup> secondSpecific = new ArrayList<>();
  private final ExpertGroup secondShared;
  private final Gate secondOwnGate;
  private final ScenarioTowers towers;

  PleSketch(ModelContext context) {
    scenarios = context.scenarios().size();
    int width = context.layout().width();
    ModelContext first = context.scope("level.0");
    int all = scenarios * SPECIFIC;
    firstSpecific = new ExpertGroup(first.scope("specific"), width, all, List.of(H), BLOCK);
    firstShared = new ExpertGroup(first.scope("shared"), width, SHARED, List.of(H), BLOCK);
    firstOwnGate = Gate.perScenario(first.scope("own"), width, SPECIFIC + SHARED);
    firstSharedGate = Gate.shared(first.scope("common"), width, all + SHARED);
    ModelContext second = context.scope("level.1");
    for (int s = 0; s < scenarios; s++) {
      secondSpecific.add(
          new ExpertGroup(second.scope("specific." + s), H, SPECIFIC, List.of(H), BLOCK));
    }
    secondShared = new ExpertGroup(second.scope("shared"), H, SHARED, List.of(H), BLOCK);
    secondOwnGate = Gate.perScenario(second.scope("own"), H, SPECIFIC + SHARED);
    towers = new ScenarioTowers(context, H, List.of(4), BLOCK);
  }

  @Override
  public BackboneOutput forward(Pass pass, Features features) {
    NDArray x = features.flat();
    NDArray specific = firstSpecific.forward(pass, x);
    NDArray shared = firstShared.forward(pass, x);
    NDArray mine =
        ScenarioRouter.apply(
            pass.scenarios(), specific, (s, rows) -> rows.split(scenarios, 1).get(s));
    NDArray own = Gate.mix(pass, firstOwnGate.forward(pass, x), mine.concat(shared, 1));
    NDArray common = Gate.mix(pass, firstSharedGate.forward(pass, x), specific.concat(shared, 1));

    NDArray deeper =
        ScenarioRouter.apply(
            pass.scenarios(),
            new NDList(own),
            (s, rows) -> secondSpecific.get(s).forward(pass, rows.singletonOrThrow()));
    NDArray experts = deeper.concat(secondShared.forward(pass, common), 1);
    NDArray hidden = Gate.mix(pass, secondOwnGate.forward(pass, own), experts);
    return new BackboneOutput(hidden, towers.forward(pass, hidden));
  }

  @Override
  public int hiddenSize() {
    return H;
  }
}
