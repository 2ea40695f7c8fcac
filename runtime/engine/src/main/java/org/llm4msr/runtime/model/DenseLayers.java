package org.llm4msr.runtime.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import java.util.List;
import java.util.Optional;
import org.llm4msr.api.internal.ChainedLayer;
import org.llm4msr.api.internal.Follow;
import org.llm4msr.api.internal.RowProducts.Normalized;
import org.llm4msr.api.model.Grouping.Segment;
import org.llm4msr.runtime.kernels.Epilogue;
import org.llm4msr.runtime.kernels.ProductSizes;
import org.llm4msr.runtime.kernels.Shapes;

/** Layers whose weights all rows share, recorded on the tape of a pass. */
final class DenseLayers {

  private final Tape tape;

  DenseLayers(Tape tape) {
    this.tape = tape;
  }

  /** Returns whether Java can address so many numbers: a buffer ends at 2 GiB. */
  static boolean hasRoom(long numbers) {
    return numbers <= Integer.MAX_VALUE / Float.BYTES;
  }

  /** Passes rows through layers; empty where Java cannot address what they read and write. */
  Optional<NDArray> layers(NDArray x, List<ChainedLayer> layers) {
    return apply(
        x,
        layers.stream().map(layer -> RowLayer.Parts.of(tape, layer, ProductSizes::ofAll)).toList());
  }

  /** Passes rows through a layer of arrays of the pass; empty as for {@link #layers}. */
  Optional<NDArray> layer(NDArray x, NDArray weight, NDArray bias, Follow follow) {
    GroupArray weights = GroupArray.of(tape, weight);
    ProductSizes sizes = ProductSizes.ofAll(weights.shape());
    return apply(x, List.of(new RowLayer.Parts(sizes, weights, GroupArray.of(tape, bias), follow)));
  }

  private Optional<NDArray> apply(NDArray x, List<RowLayer.Parts> layers) {
    long rows = x.getShape().get(0);
    long columns = x.getShape().get(1);
    for (RowLayer.Parts layer : layers) {
      ProductSizes sizes = layer.sizes();
      Shapes.require("rows", new Shape(rows, columns), new Shape(rows, sizes.rowIn()));
      if (layer.bias() != null) {
        Shape biases = new Shape(layer.bias().shape().size());
        Shapes.require("biases", biases, new Shape(sizes.rowOut()));
      }
      columns = sizes.rowOut();
      if (!hasRoom(rows * columns) || !hasRoom(layer.weights())) {
        return Optional.empty();
      }
    }
    return Optional.of(RowLayers.apply(tape, all(x), 1, x, layers, () -> {}));
  }

  /** Normalises each column over the rows, at least two, and does what follows. */
  Normalized normalize(NDArray x, NDArray scale, NDArray shift, float epsilon, Follow follow) {
    if (!Epilogue.has(follow.activation())) {
      Normalized inner = normalize(x, scale, shift, epsilon, Follow.NOTHING);
      return new Normalized(
          follow.applyTo(inner.rows()), inner.mean(), inner.variance(), inner.counts());
    }
    Shape columns = x.getShape().slice(1);
    Shapes.require("scales", scale.getShape(), columns);
    Shapes.require("shifts", shift.getShape(), columns);
    NDArray none = tape.manager().zeros(columns);
    return new NormLayer(tape, all(x), follow, x, scale, shift, none, none).apply(epsilon);
  }

  /** Sums up outputs (B, n, h), each row with its own weights (B, n). */
  NDArray mix(NDArray weights, NDArray outputs) {
    return new Mixture(tape, all(weights), weights, outputs).apply();
  }

  NDArray reshape(NDArray x, Shape shape) {
    Tape.Leaf from = tape.take(x);
    NDArray array = from.array();
    return tape.give(
        array.reshape(shape), gradient -> from.add(gradient.reshape(array.getShape())));
  }

  private static List<Segment> all(NDArray x) {
    return List.of(new Segment(0, 0, (int) x.getShape().get(0)));
  }
}
