package org.llm4msr.plugins.backbones.adaptive;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import org.llm4msr.api.model.Activation;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.toolkit.model.Linear;
import org.llm4msr.toolkit.model.Scale;

/** Weights the neurons that enter one layer of {@link AdaSparse}. */
final class AdaSparsePruner {

  private final Linear linear;
  private final AdaSparseConfig config;

  /**
   * The weights of the neurons.
   *
   * @param factors one per neuron: (B, n)
   * @param penalty the squared distance of the sparsity from its bounds, a scalar
   */
  record Weights(NDArray factors, NDArray penalty) {}

  AdaSparsePruner(AdaSparseConfig config, ModelContext context, int width) {
    this.config = config;
    linear = new Linear(context, context.scenarioEmbeddingSize() + width, width);
  }

  /** Computes weights for the neurons h (B, n) of rows with this scenario embedding (B, Ds). */
  Weights forward(NDArray scenario, NDArray h, NDArray temperature) {
    NDArray v = linear.forward(scenario.concat(h, 1));
    NDArray soft =
        switch (config.form()) {
          case SCALING -> Activation.SIGMOID.apply(v);
          case BINARY, FUSION -> cut(Activation.SIGMOID.apply(v.mul(temperature)));
        };
    NDArray factors =
        config.form() == AdaSparseConfig.Form.BINARY ? soft : Scale.by(soft, config.scale());
    return new Weights(factors, penalty(soft.mean()));
  }

  private NDArray cut(NDArray soft) {
    NDArray kept = soft.gt((float) config.threshold()).toType(DataType.FLOAT32, false);
    return soft.mul(kept.stopGradient());
  }

  private NDArray penalty(NDArray kept) {
    NDArray sparsity = kept.neg().add(1f);
    NDArray tooHigh = Activation.RELU.apply(sparsity.sub((float) config.maxSparsity()));
    NDArray tooLow = Activation.RELU.apply(sparsity.neg().add((float) config.minSparsity()));
    return tooHigh.add(tooLow).square();
  }
}
