package org.llm4msr.toolkit.sketches;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;
import org.llm4msr.api.model.Activation;
import org.llm4msr.api.model.Backbone;
import org.llm4msr.api.model.BackboneOutput;
import org.llm4msr.api.model.Buffer;
import org.llm4msr.api.model.Features;
import org.llm4msr.api.model.Initializer;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.Pass;
import org.llm4msr.toolkit.model.Linear;
import org.llm4msr.toolkit.model.Scale;

/**
 * AdaSparse (CIKM 2022): before each layer a small network of scenario and input weighs every
 * neuron, and the weights below a threshold become zero. The temperature grows with the training
 * step; a term of the loss draws the number of kept neurons to a target.
 */
final class AdaSparseSketch implements Backbone {

  private static final double THRESHOLD = 0.25;
  private static final double TARGET = 0.6;

  private final List<Linear> pruners = new ArrayList<>();
  private final List<Linear> layers = new ArrayList<>();
  private final Linear logit;
  private final Buffer temperature;

  AdaSparseSketch(ModelContext context) {
    temperature = context.buffer("temperature", new Shape(1), Initializer.ones());
    int width = context.layout().width();
    for (int out : new int[] {8, 4}) {
      ModelContext layer = context.scope("layer." + layers.size());
      int seen = context.scenarioEmbeddingSize() + width;
      pruners.add(new Linear(layer.scope("pruner"), seen, width));
      layers.add(new Linear(layer, width, out));
      width = out;
    }
    logit = new Linear(context.scope("logit"), width, 1);
  }

  @Override
  public BackboneOutput forward(Pass pass, Features features) {
    NDArray scenario = features.scenarioEmbedding();
    if (pass.training()) {
      temperature.set(temperature.array().add(1e-3f).minimum(5f));
    }
    NDArray h = features.flat();
    for (int i = 0; i < layers.size(); i++) {
      NDArray scores = pruners.get(i).forward(scenario.concat(h.stopGradient(), 1));
      NDArray weights = Activation.SIGMOID.apply(scores.mul(temperature.array()));
      NDArray kept = weights.gt(THRESHOLD).toType(DataType.FLOAT32, false).stopGradient();
      pass.addLoss("sparsity." + i, Scale.by(weights.mean().sub(TARGET).square(), 0.01));
      h = Activation.LEAKY_RELU.apply(layers.get(i).forward(h.mul(weights).mul(kept)));
    }
    return new BackboneOutput(null, logit.forward(h).squeeze(-1));
  }

  @Override
  public int hiddenSize() {
    return 0;
  }
}
