package org.llm4msr.plugins.backbones;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import java.util.List;
import java.util.stream.IntStream;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.Pass;
import org.llm4msr.api.support.ExpertGroup;
import org.llm4msr.api.support.Gate;
import org.llm4msr.api.support.GroupedRows;
import org.llm4msr.api.support.Mlp;

/** The last level of {@link Ple}: a row passes its scenario's experts and the shared ones. */
final class PleExtraction {

  private final List<Mlp> specific;
  private final ExpertGroup shared;
  private final Gate gate;

  PleExtraction(PleConfig config, ModelContext context, int in) {
    specific =
        IntStream.range(0, config.specificExperts())
            .mapToObj(e -> context.scope("expert." + e))
            .map(scope -> scope.each("specific", context.scenarios().size()))
            .map(each -> new Mlp(each, in, config.expert(), config.block()))
            .toList();
    shared =
        new ExpertGroup(
            context.scope("shared"), in, config.sharedExperts(), config.expert(), config.block());
    gate = Gate.perScenario(context, in, config.specificExperts() + config.sharedExperts());
  }

  /**
   * Mixes experts.
   *
   * @param own what the scenario of each row handed on: (B, in)
   * @param common what all handed on: (B, in)
   * @return (B, H)
   */
  NDArray forward(Pass pass, NDArray own, NDArray common) {
    GroupedRows rows = GroupedRows.of(pass.scenarios(), own);
    List<NDArray> outputs =
        specific.stream().map(expert -> expert.forward(pass, rows).toRows()).toList();
    NDArray experts =
        NDArrays.stack(new NDList(outputs), 1).concat(shared.forward(pass, common), 1);
    return Gate.mix(gate.forward(pass, own), experts);
  }
}
