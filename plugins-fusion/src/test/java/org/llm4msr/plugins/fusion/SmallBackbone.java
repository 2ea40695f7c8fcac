package org.llm4msr.plugins.fusion;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import org.llm4msr.api.model.Backbone;
import org.llm4msr.api.model.BackboneOutput;
import org.llm4msr.api.model.Decay;
import org.llm4msr.api.model.Features;
import org.llm4msr.api.model.Initializer;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.Parameter;
import org.llm4msr.api.model.Pass;
import org.llm4msr.toolkit.model.Linear;

/** logit = tanh(x A + a) . b + c(scenario): smooth and small, for tests of heads. */
final class SmallBackbone implements Backbone {

  private final Linear bottom;
  private final Linear logit;
  private final Parameter scenario;

  SmallBackbone(ModelContext context) {
    bottom = new Linear(context.scope("bottom"), context.layout().width(), 4);
    logit = new Linear(context.scope("logit"), 4, 1);
    scenario =
        context.parameter(
            "scenario", new Shape(context.scenarios().size(), 1), Initializer.zeros(), Decay.NO);
  }

  @Override
  public BackboneOutput forward(Pass pass, Features features) {
    NDArray hidden = bottom.forward(features.flat()).tanh();
    NDArray bias = pass.scenarios().rowValues(scenario.array());
    return new BackboneOutput(hidden, logit.forward(hidden).add(bias).squeeze(-1));
  }

  @Override
  public int hiddenSize() {
    return 4;
  }
}
