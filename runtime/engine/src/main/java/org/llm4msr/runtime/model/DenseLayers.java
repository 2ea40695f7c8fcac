package org.llm4msr.runtime.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import java.util.List;
import java.util.Optional;
import org.llm4msr.api.internal.Follow;
import org.llm4msr.api.internal.RowProducts.Normalized;
import org.llm4msr.api.model.Grouping.Segment;
import org.llm4msr.api.model.Parameter;
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

  GroupArray weights(Parameter parameter) {
    return GroupArray.of(tape, parameter);
  }

  GroupArray weights(NDArray array) {
    return GroupArray.of(tape, array);
  }

  /**
   * Computes {@code x W + b} and what follows; empty where Java cannot address what that reads and
   * writes.
   */
  Optional<NDArray> layer(NDArray x, GroupArray weights, GroupArray biases, Follow follow) {
    long results = x.getShape().get(0) * biases.shape().size();
    if (!hasRoom(results) || !hasRoom(weights.shape().size())) {
      return Optional.empty();
    }
    if (!Epilogue.has(follow.activation())) {
      return layer(x, weights, biases, Follow.NOTHING).map(follow::applyTo);
    }
    ProductSizes sizes = ProductSizes.ofAll(weights.shape());
    Shapes.require("rows", x.getShape(), new Shape(x.getShape().get(0), sizes.rowIn()));
    Shapes.require("biases", new Shape(biases.shape().size()), new Shape(sizes.rowOut()));
    RowLayer layer = new RowLayer(tape, all(x), 1, sizes, follow, x, weights, biases);
    return Optional.of(layer.apply(() -> {}));
  }

  /** Normalises each column over the rows, at least two, and does what follows. */
  Normalized normalize(NDArray x, NDArray scale, NDArray shift, float epsilon, Follow follow) {
    if (!Epilogue.has(follow.activation())) {
      Normalized inner = normalize(x, scale, shift, epsilon, Follow.NOTHING);
      return new Normalized(follow.applyTo(inner.rows()), inner.mean(), inner.variance());
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
