package org.llm4msr.toolkit.sketches;

import ai.djl.ndarray.NDArray;
import java.util.List;
import org.llm4msr.api.model.Activation;
import org.llm4msr.api.model.Backbone;
import org.llm4msr.api.model.BackboneOutput;
import org.llm4msr.api.model.Features;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.Pass;
import org.llm4msr.toolkit.model.BlockSettings;
import org.llm4msr.toolkit.model.Mlp;
import org.llm4msr.toolkit.model.ScenarioTowers;

/** SharedBottom: one network, then one tower per scenario. */
final class SharedBottomSketch implements Backbone {

  private final Mlp bottom;
  private final ScenarioTowers towers;

  SharedBottomSketch(ModelContext context) {
    BlockSettings block = BlockSettings.of(Activation.LEAKY_RELU);
    bottom = new Mlp(context.scope("bottom"), context.layout().width(), List.of(8), block);
    towers = new ScenarioTowers(context, 8, List.of(4), block);
  }

  @Override
  public BackboneOutput forward(Pass pass, Features features) {
    NDArray hidden = bottom.forward(pass, features.flat());
    return new BackboneOutput(hidden, towers.forward(pass, hidden));
  }

  @Override
  public int hiddenSize() {
    return 8;
  }
}
