package org.llm4msr.runtime.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import java.util.List;
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

  /** Returns whether Java can address what a layer reads and writes. */
  boolean hasRoom(NDArray x, Parameter weight, Parameter bias) {
    long results = x.getShape().get(0) * GroupArray.of(tape, bias).shape().size();
    return hasRoom(results) && hasRoom(GroupArray.of(tape, weight).shape().size());
  }

  /** Computes {@code x W + b} and what follows. */
  NDArray layer(NDArray x, Parameter weight, Parameter bias, Follow follow) {
    if (!Epilogue.has(follow.activation())) {
      return follow.applyTo(layer(x, weight, bias, Follow.NOTHING));
    }
    GroupArray weights = GroupArray.of(tape, weight);
    GroupArray biases = GroupArray.of(tape, bias);
    ProductSizes sizes = ProductSizes.ofAll(weights.shape());
    Shapes.require("rows", x.getShape(), new Shape(x.getShape().get(0), sizes.rowIn()));
    Shapes.require("biases", new Shape(biases.shape().size()), new Shape(sizes.rowOut()));
    return new RowLayer(tape, all(x), 1, sizes, follow, x, weights, biases).apply(() -> {});
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
