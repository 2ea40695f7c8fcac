package org.llm4msr.runtime.assembly.sequences;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongFunction;
import org.llm4msr.api.model.Activation;
import org.llm4msr.api.model.Decay;
import org.llm4msr.api.model.Initializer;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.Parameter;
import org.llm4msr.runtime.config.past.SequenceConfig;
import org.llm4msr.runtime.kernels.AttentionSizes;
import org.llm4msr.runtime.kernels.Epilogue;
import org.llm4msr.runtime.model.SequenceAttention;
import org.llm4msr.runtime.tables.EmbeddingTable;
import org.llm4msr.runtime.tables.Workers;

/**
 * The activation unit of DIN (Zhou et al., KDD 2018, equation 3): the sum over j of a(e_j, t) e_j,
 * where a is a network over [e_j, t, e_j - t, e_j * t], as in the public code. As in the paper,
 * weights are not normalised, so that their sum tells how strong the interest is; a softmax is a
 * choice.
 *
 * <p>The first layer is not computed over the 4 D numbers of each place. With its weight in four
 * parts, it is e_j (We + Wd + t * Wp) + t (Wt - Wd) + b: one matrix for each row, and a vector.
 */
final class TargetAttention {

  /** Behind the end of a sequence, before a softmax; its exponential is 0. */
  private static final float NOWHERE = 1e9f;

  private final List<Layer> layers = new ArrayList<>();
  private final AttentionSizes sizes;
  private final Activation activation;
  private final boolean softmax;
  private final int width;

  /**
   * Makes the parameters: {@code layer.0/weight} and so on, the last of width 1.
   *
   * @param width D
   */
  TargetAttention(ModelContext context, int width, SequenceConfig config) {
    this.width = width;
    activation = config.activation();
    softmax = config.softmax();
    int in = 4 * width;
    for (int hidden : config.hidden()) {
      layers.add(Layer.of(context.scope("layer." + layers.size()), in, hidden));
      in = hidden;
    }
    layers.add(Layer.of(context.scope("layer." + layers.size()), in, 1));
    List<Integer> widths = new ArrayList<>(config.hidden());
    widths.add(1);
    sizes = new AttentionSizes(width, config.length(), widths, activation, softmax);
  }

  /** Returns whether {@link SequenceAttention} can compute it. */
  boolean isOfRows() {
    return Epilogue.has(activation);
  }

  /**
   * Returns what computes it outside the engine.
   *
   * @param table of the vectors
   * @param target the first column of the target in the flat input
   * @param pooled the first column that gets the sums
   * @param room gives memory for the vectors of a batch
   */
  SequenceAttention ofRows(
      EmbeddingTable table,
      int target,
      int pooled,
      Workers workers,
      LongFunction<FloatBuffer> room) {
    List<SequenceAttention.Layer> ofRows =
        layers.stream()
            .map(layer -> new SequenceAttention.Layer(layer.weight(), layer.bias()))
            .toList();
    return new SequenceAttention(table, sizes, ofRows, target, pooled, workers, room);
  }

  /**
   * A linear layer.
   *
   * @param weight (in, out)
   * @param bias (out)
   */
  private record Layer(Parameter weight, Parameter bias) {

    static Layer of(ModelContext context, int in, int out) {
      return new Layer(
          context.parameter("weight", new Shape(in, out), Initializer.linear(in), Decay.YES),
          context.parameter("bias", new Shape(out), Initializer.linear(in), Decay.NO));
    }

    NDArray forward(NDArray x) {
      return x.matMul(weight.array()).add(bias.array());
    }
  }

  /**
   * Pools the vectors of each row.
   *
   * @param vectors (B, L, D), zeros behind the last
   * @param mask (B, L), 1 where there is a vector, 0 behind
   * @param target (B, D)
   * @return (B, D)
   */
  NDArray pool(NDArray vectors, NDArray mask, NDArray target) {
    Shape places = mask.getShape();
    NDArray weights = scores(vectors, target).reshape(places);
    if (softmax) {
      weights = weights.add(mask.sub(1).mul(NOWHERE)).softmax(1);
    }
    return weights.mul(mask).expandDims(1).matMul(vectors).squeeze(1);
  }

  /** Returns (B, L, 1). */
  private NDArray scores(NDArray vectors, NDArray target) {
    NDArray h = first(vectors, target);
    Shape shape = h.getShape();
    if (layers.size() > 1) {
      NDArray rows = activation.apply(h).reshape(-1, shape.get(2));
      for (int i = 1; i < layers.size(); i++) {
        rows = layers.get(i).forward(rows);
        rows = i == layers.size() - 1 ? rows : activation.apply(rows);
      }
      return rows;
    }
    return h;
  }

  /** Computes the first layer: (B, L, H). */
  private NDArray first(NDArray vectors, NDArray target) {
    NDList weight =
        layers.get(0).weight().array().split(new long[] {width, 2L * width, 3L * width}, 0);
    NDArray ofDifference = weight.get(2);
    NDArray ofVector = weight.get(0).add(ofDifference);
    NDArray ofTarget = weight.get(1).sub(ofDifference);
    NDArray matrices =
        target.expandDims(2).mul(weight.get(3).expandDims(0)).add(ofVector.expandDims(0));
    NDArray bias = target.matMul(ofTarget).add(layers.get(0).bias().array());
    return vectors.matMul(matrices).add(bias.expandDims(1));
  }
}
