package org.llm4msr.plugins.backbones.adaptive;

import ai.djl.ndarray.NDArray;
import org.llm4msr.api.model.Activation;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.Pass;
import org.llm4msr.toolkit.model.GroupedRows;
import org.llm4msr.toolkit.model.Linear;
import org.llm4msr.toolkit.model.Scale;

/** The factors of the neurons of one layer of {@link PpNet}, between 0 and 2. */
final class PpNetGate {

  private final Linear shared;
  private final Linear specific;

  PpNetGate(ModelContext context, int in, int width) {
    shared = new Linear(context.scope("shared"), in, width);
    specific = new Linear(context.each("scenario", context.scenarios().size()), width, width);
  }

  /** Computes (B, in) to rows of {@code width} columns. */
  GroupedRows forward(Pass pass, NDArray seen) {
    NDArray h = Activation.RELU.apply(shared.forward(seen));
    return GroupedRows.of(pass.scenarios(), h)
        .linear(specific)
        .map(y -> Scale.by(Activation.SIGMOID.apply(y), 2));
  }
}
