package org.llm4msr.plugins.backbones.experts;

import ai.djl.ndarray.NDArray;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.Pass;
import org.llm4msr.toolkit.model.ExpertGroup;
import org.llm4msr.toolkit.model.Gate;
import org.llm4msr.toolkit.model.GroupedRows;

/**
 * The last level of {@link Ple}: a row passes through its scenario's experts and the shared ones.
 */
final class PleExtraction {

  private final ExpertGroup specific;
  private final ExpertGroup shared;
  private final Gate gate;

  PleExtraction(PleConfig config, ModelContext context, int in) {
    specific =
        new ExpertGroup(
            context.each("specific", context.scenarios().size()),
            in,
            config.specificExperts(),
            config.expert(),
            config.block());
    shared =
        new ExpertGroup(
            context.scope("shared"), in, config.sharedExperts(), config.expert(), config.block());
    gate = Gate.perScenario(context, in, config.specificExperts() + config.sharedExperts());
  }

  /**
   * Mixes experts.
   *
   * @param own the previous output of each row's scenario, by scenario: (B, in)
   * @param common the previous shared output: (B, in)
   * @return (B, H)
   */
  NDArray forward(Pass pass, GroupedRows own, NDArray common) {
    NDArray ofScenario =
        specific
            .forward(pass, own)
            .toRows()
            .reshape(-1, specific.experts(), specific.outputWidth());
    NDArray experts = ofScenario.concat(shared.forward(pass, common), 1);
    return Gate.mix(pass, gate.forward(pass, own), experts);
  }
}
