package org.llm4msr.plugins.fusion;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.model.Activation;
import org.llm4msr.api.model.Decay;
import org.llm4msr.api.model.Initializer;
import org.llm4msr.api.model.LayerSpec;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.Parameter;
import org.llm4msr.api.support.GroupedRows;

/**
 * One layer of {@link MlpMetaNetwork}, in full or of low rank. In full all of W(k) and b(k) are
 * generated. Of rank r, W(k) = S + U(k) V and b(k) = s + d(k) V, with U(k) of r columns and d(k) of
 * r numbers generated, S, s and V shared by all groups: W(k) x is computed through r numbers and
 * never written.
 */
final class GeneratedLayer {

  private final GeneratedWeights generated;
  private final @Nullable Shared shared;
  private final Activation activation;

  /**
   * Makes the parameters.
   *
   * @param inputs numbers of the source that weights are generated from
   * @param power sum of the squares of the source, as expected at the start
   * @param rank r, or 0; a layer of no more than r outputs is generated in full
   * @param share of the first weights' variance that comes from the source
   */
  GeneratedLayer(
      ModelContext context,
      LayerSpec.Layer layer,
      int inputs,
      double power,
      int rank,
      double share) {
    activation = layer.activation();
    double variance = (activation == Activation.NONE ? 1.0 : 2.0) / layer.in();
    int in = layer.in();
    int out = layer.out();
    if (rank == 0 || rank >= out) {
      generated = new GeneratedWeights(context, inputs, power, in, out, variance, share);
      shared = null;
    } else {
      generated = new GeneratedWeights(context, inputs, power, in, rank, variance * share, 1);
      shared = new Shared(context.scope("shared"), in, rank, out, variance * (1 - share));
    }
  }

  /** Returns how many numbers a group gets. */
  long size() {
    return generated.size();
  }

  /** Computes what a group gets of weights from the source (G, inputs). */
  NDArray weights(NDArray source) {
    return generated.weights(source);
  }

  /** Computes what a group gets of biases from the source (G, inputs). */
  NDArray biases(NDArray source) {
    return generated.biases(source);
  }

  /** Applies the layer to rows with the weights and biases of their groups. */
  GroupedRows apply(GroupedRows rows, NDArray weights, NDArray biases) {
    GroupedRows own = rows.linear(weights, biases);
    if (shared != null) {
      own = own.map(shared::up).with(rows.map(shared::base), NDArray::add);
    }
    return own.map(activation::apply);
  }

  /** Applies the layer to rows (B, in) with the source of each and a one (B, inputs + 1). */
  NDArray contract(NDArray source, NDArray x) {
    NDArray own = generated.contract(source, x);
    return activation.apply(shared == null ? own : shared.up(own).add(shared.base(x)));
  }

  /** S, s and V. */
  private static final class Shared {

    private final Parameter weight;
    private final Parameter bias;
    private final Parameter up;

    /** Makes the parameters; V keeps the variance of what passes it. */
    Shared(ModelContext context, int in, int rank, int out, double variance) {
      weight =
          context.parameter(
              "weight", new Shape(in, out), GeneratedWeights.uniform(variance), Decay.YES);
      bias = context.parameter("bias", new Shape(out), Initializer.zeros(), Decay.NO);
      up =
          context.parameter(
              "up", new Shape(rank, out), GeneratedWeights.uniform(1.0 / rank), Decay.YES);
    }

    NDArray base(NDArray x) {
      return x.matMul(weight.array()).add(bias.array());
    }

    NDArray up(NDArray own) {
      return own.matMul(up.array());
    }
  }
}
