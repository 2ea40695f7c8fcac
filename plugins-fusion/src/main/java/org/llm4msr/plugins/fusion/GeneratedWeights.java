package org.llm4msr.plugins.fusion;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import java.util.List;
import java.util.stream.Stream;
import org.llm4msr.api.model.Activation;
import org.llm4msr.api.model.Decay;
import org.llm4msr.api.model.Initializer;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.Parameter;
import org.llm4msr.api.model.Pass;
import org.llm4msr.toolkit.model.Gate;
import org.llm4msr.toolkit.model.Layers;

/**
 * The weights and biases of a layer as affine maps of each group's source: W(k) = A k + C and b(k)
 * = a k + c.
 */
final class GeneratedWeights {

  private final int in;
  private final int out;
  private final Parameter weight;
  private final Parameter weightBase;
  private final Parameter bias;
  private final Parameter biasBase;

  /**
   * Makes the parameters.
   *
   * @param inputs size of the source
   * @param power sum of the squares of the source, as expected at the start
   * @param variance of the initial W(k)
   * @param share of the variance that comes from the source; the rest is C's
   */
  GeneratedWeights(
      ModelContext context,
      int inputs,
      double power,
      int in,
      int out,
      double variance,
      double share) {
    this.in = in;
    this.out = out;
    long size = (long) in * out;
    weight =
        context.parameter(
            "weight", new Shape(inputs, size), uniform(variance * share / power), Decay.YES);
    weightBase =
        context.parameter(
            "weight-base", new Shape(size), uniform(variance * (1 - share)), Decay.YES);
    bias = context.parameter("bias", new Shape(inputs, out), Initializer.zeros(), Decay.YES);
    biasBase = context.parameter("bias-base", new Shape(out), Initializer.zeros(), Decay.NO);
  }

  /** Returns how many numbers are generated per group. */
  long size() {
    return (long) in * out + out;
  }

  /** Computes W (G, in, out) and b (G, out) of each layer from the source (G, inputs). */
  static NDList generate(Pass pass, NDArray source, List<GeneratedWeights> layers) {
    NDList flat =
        Layers.linear(pass, source, layers.stream().flatMap(GeneratedWeights::maps).toList());
    NDList generated = new NDList();
    for (int i = 0; i < layers.size(); i++) {
      GeneratedWeights layer = layers.get(i);
      Shape shape = new Shape(source.getShape().get(0), layer.in, layer.out);
      generated.add(Layers.reshape(pass, flat.get(2 * i), shape));
      generated.add(flat.get(2 * i + 1));
    }
    return generated;
  }

  private Stream<Layers.Affine> maps() {
    return Stream.of(new Layers.Affine(weight, weightBase), new Layers.Affine(bias, biasBase));
  }

  /**
   * Computes W x + b of rows without forming W: sums over source and input together, through the
   * smaller of the two intermediate arrays.
   *
   * @param source of each row, and a column of ones: (B, inputs + 1)
   * @param x (B, in)
   * @return (B, out)
   */
  NDArray contract(Pass pass, NDArray source, NDArray x) {
    long rows = x.getShape().get(0);
    long terms = source.getShape().get(1);
    NDArray all = weight.array().concat(weightBase.array().reshape(1, -1), 0);
    NDArray biases = bias.array().concat(biasBase.array().reshape(1, -1), 0);
    if (out < in) {
      NDArray columns = all.reshape(terms, in, out).transpose(1, 0, 2).reshape(in, terms * out);
      NDArray perTerm =
          Layers.linear(pass, x, columns, biases.reshape(terms * out), Activation.NONE);
      return Gate.mix(pass, source, Layers.reshape(pass, perTerm, new Shape(rows, terms, out)));
    }
    NDArray pairs = source.reshape(rows, terms, 1).mul(x.reshape(rows, 1, in));
    NDArray product = pairs.reshape(rows, terms * in).matMul(all.reshape(terms * in, out));
    return product.add(source.matMul(biases));
  }

  static Initializer uniform(double variance) {
    return new Initializer.Uniform(Math.sqrt(3 * variance));
  }
}
