package org.llm4msr.toolkit.sketches;

import ai.djl.ndarray.NDArray;
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
import org.llm4msr.toolkit.model.Linear;
import org.llm4msr.toolkit.model.Mlp;
import org.llm4msr.toolkit.model.PartitionedNorm;
import org.llm4msr.toolkit.model.ScenarioRouter;

/**
 * STAR (CIKM 2021): partitioned normalisation, layers whose weight is the shared one times the
 * scenario's, and an auxiliary network that sees the scenario; the two logits are added.
 */
final class StarSketch implements Backbone {

  private final PartitionedNorm norm;
  private final List<StarLayer> layers = new ArrayList<>();
  private final Mlp auxiliary;
  private final Linear auxiliaryLogit;

  StarSketch(ModelContext context) {
    int width = context.layout().width();
    norm = new PartitionedNorm(context.scope("norm"), width);
    layers.add(new StarLayer(context.scope("star.0"), width, 8, Activation.LEAKY_RELU));
    layers.add(new StarLayer(context.scope("star.1"), 8, 1, Activation.NONE));
    auxiliary =
        new Mlp(
            context.scope("auxiliary"),
            context.scenarioEmbeddingSize() + width,
            List.of(6),
            BlockSettings.of(Activation.LEAKY_RELU));
    auxiliaryLogit = new Linear(context.scope("auxiliary-logit"), 6, 1);
  }

  @Override
  public BackboneOutput forward(Pass pass, Features features) {
    NDArray x = norm.forward(pass, features.flat());
    NDArray star = ScenarioRouter.apply(pass.scenarios(), x, this::network);
    NDArray seen = features.scenarioEmbedding().concat(features.flat(), 1);
    NDArray beside = auxiliaryLogit.forward(auxiliary.forward(pass, seen));
    return new BackboneOutput(null, star.add(beside).squeeze(-1));
  }

  private NDArray network(int scenario, NDArray rows) {
    NDArray h = rows;
    for (StarLayer layer : layers) {
      h = layer.forward(scenario, h);
    }
    return h;
  }

  @Override
  public int hiddenSize() {
    return 0;
  }

  private static final class StarLayer {

    private final Linear shared;
    private final List<Parameter> weights = new ArrayList<>();
    private final List<Parameter> biases = new ArrayList<>();
    private final Activation activation;

    StarLayer(ModelContext context, int in, int out, Activation activation) {
      this.activation = activation;
      shared = new Linear(context.scope("shared"), in, out);
      for (int s = 0; s < context.scenarios().size(); s++) {
        ModelContext own = context.scope("scenario." + s);
        weights.add(own.parameter("weight", new Shape(in, out), Initializer.ones(), Decay.YES));
        biases.add(own.parameter("bias", new Shape(out), Initializer.zeros(), Decay.NO));
      }
    }

    NDArray forward(int scenario, NDArray rows) {
      NDArray weight = weights.get(scenario).array().mul(shared.weight());
      NDArray bias = biases.get(scenario).array().add(shared.bias());
      return activation.apply(rows.matMul(weight).add(bias));
    }
  }
}
