package org.llm4msr.plugins.backbones.experts;

import ai.djl.ndarray.NDArray;
import org.llm4msr.api.model.Backbone;
import org.llm4msr.api.model.BackboneOutput;
import org.llm4msr.api.model.Features;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.Pass;
import org.llm4msr.toolkit.model.Mlp;
import org.llm4msr.toolkit.model.ScenarioTowers;

/**
 * One network that all scenarios share, then one tower per scenario (Caruana, Machine Learning
 * 1997): hidden = MLP(x), logit = tower of the row's scenario (hidden). The baseline of choice if
 * scenarios are alike. Normalisation in the bottom is over the batch, in a tower over the rows of
 * its scenario.
 */
final class SharedBottom implements Backbone {

  private final Mlp bottom;
  private final ScenarioTowers towers;

  SharedBottom(SharedBottomConfig config, ModelContext context) {
    bottom =
        new Mlp(context.scope("bottom"), context.layout().width(), config.bottom(), config.block());
    towers = new ScenarioTowers(context, bottom.outputWidth(), config.tower(), config.block());
  }

  @Override
  public BackboneOutput forward(Pass pass, Features features) {
    NDArray hidden = bottom.forward(pass, features.flat());
    return new BackboneOutput(hidden, towers.forward(pass, hidden));
  }

  @Override
  public int hiddenSize() {
    return bottom.outputWidth();
  }
}
