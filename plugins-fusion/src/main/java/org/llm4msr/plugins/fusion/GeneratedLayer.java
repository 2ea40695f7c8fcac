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
import org.llm4msr.api.model.Pass;
import org.llm4msr.toolkit.model.GroupedRows;
import org.llm4msr.toolkit.model.Layers;

/**
 * One layer of {@link MlpMetaNetwork}, full or of low rank. In a full layer all of W(k) and b(k)
 * are generated. In a layer of rank r, W(k) = S + U(k) V and b(k) = s + d(k) V: U(k) with r columns
 * and d(k) with r numbers are generated; all groups share S, s and V. W(k) x is computed through r
 * numbers, without forming W(k).
 */
final class GeneratedLayer {

  private final GeneratedWeights generated;
  private final @Nullable Shared shared;
  private final Activation activation;

  /**
   * Makes the parameters.
   *
   * @param inputs size of the source from which weights are generated
   * @param power sum of the squares of the source, as expected at the start
   * @param rank r, or 0; a layer of at most r outputs is generated in full
   * @param share of the initial weights' variance that comes from the source
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

  /** Returns how many numbers are generated per group. */
  long size() {
    return generated.size();
  }

  /** Returns the generated part of the weights and biases. */
  GeneratedWeights generated() {
    return generated;
  }

  /** Returns whether all of its weights are generated. */
  boolean isFull() {
    return shared == null;
  }

  /** Returns a full layer with the weights and biases of the groups. */
  GroupedRows.Layer full(NDArray weights, NDArray biases) {
    return new GroupedRows.Layer(weights, biases, activation);
  }

  /** Applies the layer to rows with the weights and biases of their groups. */
  GroupedRows apply(Pass pass, GroupedRows rows, NDArray weights, NDArray biases) {
    if (shared == null) {
      return rows.linear(weights, biases, activation);
    }
    return rows.linear(weights, biases)
        .with(rows, (own, x) -> shared.add(pass, own, x, activation));
  }

  /** Applies the layer to rows (B, in); source: that of each row and a one (B, inputs + 1). */
  NDArray contract(Pass pass, NDArray source, NDArray x) {
    NDArray own = generated.contract(pass, source, x);
    return shared == null ? activation.apply(own) : shared.add(pass, own, x, activation);
  }

  /** S, s and V. */
  private static final class Shared {

    private final Parameter weight;
    private final Parameter bias;
    private final Parameter up;

    /** Makes the parameters; V preserves the variance of its input. */
    Shared(ModelContext context, int in, int rank, int out, double variance) {
      weight =
          context.parameter(
              "weight", new Shape(in, out), GeneratedWeights.uniform(variance), Decay.YES);
      bias = context.parameter("bias", new Shape(out), Initializer.zeros(), Decay.NO);
      up =
          context.parameter(
              "up", new Shape(rank, out), GeneratedWeights.uniform(1.0 / rank), Decay.YES);
    }

    /** Computes act(x S + s + own V). */
    NDArray add(Pass pass, NDArray own, NDArray x, Activation activation) {
      NDArray common = Layers.linear(pass, x, weight, bias);
      return Layers.addProduct(pass, common, own, up, activation);
    }
  }
}
