package com.example.fm;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.model.Backbone;
import org.llm4msr.api.model.BackboneOutput;
import org.llm4msr.api.model.Decay;
import org.llm4msr.api.model.Features;
import org.llm4msr.api.model.Initializer;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.Parameter;
import org.llm4msr.api.model.Pass;
import org.llm4msr.toolkit.model.Scale;

/**
 * Factorization machine (Rendle, ICDM 2010) on field embeddings e(i): logit = w . x + b(scenario) +
 * sum over i &lt; j of e(i) . e(j), the sum computed as half of (square of the sum - sum of the
 * squares).
 */
final class FactorizationMachine implements Backbone {

  private final Parameter weight;
  private final Parameter bias;
  private final @Nullable Parameter scenarioBias;

  FactorizationMachine(FactorizationMachineConfig config, ModelContext context) {
    int width = context.layout().width();
    weight =
        context.parameter("linear/weight", new Shape(width, 1), Initializer.zeros(), Decay.YES);
    bias = context.parameter("linear/bias", new Shape(1), Initializer.zeros(), Decay.NO);
    scenarioBias =
        config.scenarioBias()
            ? context.parameter(
                "scenario/bias",
                new Shape(context.scenarios().size(), 1),
                Initializer.zeros(),
                Decay.NO)
            : null;
  }

  @Override
  public BackboneOutput forward(Pass pass, Features features) {
    NDArray fields = features.fields();
    int[] fieldAxis = {1};
    NDArray squareOfSum = fields.sum(fieldAxis).square();
    NDArray sumOfSquares = fields.square().sum(fieldAxis);
    NDArray pairs = Scale.by(squareOfSum.sub(sumOfSquares).sum(new int[] {1}, true), 0.5);
    NDArray logit = features.flat().matMul(weight.array()).add(bias.array()).add(pairs);
    if (scenarioBias != null) {
      logit = logit.add(pass.scenarios().rowValues(scenarioBias.array()));
    }
    return new BackboneOutput(null, logit.squeeze(-1));
  }

  @Override
  public int hiddenSize() {
    return 0;
  }
}
