package org.llm4msr.plugins.backbones.adaptive;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;
import org.llm4msr.api.model.Backbone;
import org.llm4msr.api.model.BackboneOutput;
import org.llm4msr.api.model.Buffer;
import org.llm4msr.api.model.Features;
import org.llm4msr.api.model.Initializer;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.Pass;
import org.llm4msr.toolkit.model.Linear;
import org.llm4msr.toolkit.model.Mlp;
import org.llm4msr.toolkit.model.Scale;

/**
 * Adaptively sparse structures (Yang et al., CIKM 2022). The input h of each layer, and of the
 * logit, is weighted neuron by neuron: v = [scenario embedding, h] W + b and, in fusion, h' = h *
 * scale * sigmoid(t v) where sigmoid(t v) is above the threshold, and 0 elsewhere. The temperature
 * t grows with the training steps, so that neurons are cut more and more sharply. hidden = the
 * input of the logit. For many scenarios with one network, each part of which serves some of them.
 *
 * <p>The loss term is the mean over layers of the squared distance of the sparsity, 1 - mean
 * sigmoid that is not cut, from its bounds; the paper states neither its weight nor how the hard
 * share would get a gradient. The temperature is a buffer: it is saved, and does not change outside
 * training. Layers are normalised over the batch.
 */
final class AdaSparse implements Backbone {

  private final List<AdaSparsePruner> pruners = new ArrayList<>();
  private final List<Mlp> layers = new ArrayList<>();
  private final Linear logit;
  private final Buffer temperature;
  private final AdaSparseConfig config;
  private final int hiddenSize;

  AdaSparse(AdaSparseConfig config, ModelContext context) {
    this.config = config;
    int width = context.layout().width();
    for (int out : config.layers()) {
      ModelContext layer = context.scope("layer." + layers.size());
      pruners.add(new AdaSparsePruner(config, layer.scope("pruner"), width));
      layers.add(new Mlp(layer, width, List.of(out), config.block()));
      width = out;
    }
    hiddenSize = width;
    ModelContext last = context.scope("logit");
    pruners.add(new AdaSparsePruner(config, last.scope("pruner"), width));
    logit = new Linear(last, width, 1);
    temperature =
        context.buffer(
            "temperature", new Shape(1), new Initializer.Constant((float) config.temperature()));
  }

  @Override
  public BackboneOutput forward(Pass pass, Features features) {
    NDArray scenario = features.scenarioEmbedding();
    NDArray h = features.flat();
    for (int i = 0; i < layers.size(); i++) {
      h = layers.get(i).forward(pass, pruned(pass, i, scenario, h));
    }
    NDArray hidden = pruned(pass, layers.size(), scenario, h);
    if (pass.training()) {
      NDArray next = temperature.array().add((float) config.temperatureStep());
      temperature.set(next.minimum((float) config.maxTemperature()));
    }
    return new BackboneOutput(hidden, logit.forward(hidden).squeeze(-1));
  }

  private NDArray pruned(Pass pass, int layer, NDArray scenario, NDArray h) {
    AdaSparsePruner.Weights weights = pruners.get(layer).forward(scenario, h, temperature.array());
    NDArray term = Scale.by(weights.penalty(), config.sparsityWeight() / pruners.size());
    pass.addLoss("sparsity." + layer, term);
    return h.mul(weights.factors());
  }

  @Override
  public int hiddenSize() {
    return hiddenSize;
  }
}
