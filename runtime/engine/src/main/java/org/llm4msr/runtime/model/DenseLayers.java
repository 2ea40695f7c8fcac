package org.llm4msr.runtime.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.llm4msr.api.internal.ChainedLayer;
import org.llm4msr.api.internal.Follow;
import org.llm4msr.api.internal.RowProducts.Normalized;
import org.llm4msr.api.model.Grouping.Segment;
import org.llm4msr.api.model.Parameter;
import org.llm4msr.runtime.kernels.Epilogue;
import org.llm4msr.runtime.kernels.ProductSizes;
import org.llm4msr.runtime.kernels.RowChunks;
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
    return apply(x, parts(layers));
  }

  private List<RowLayer.Parts> parts(List<ChainedLayer> layers) {
    return layers.stream()
        .map(layer -> RowLayer.Parts.of(tape, layer, ProductSizes::ofAll))
        .toList();
  }

  /**
   * Passes the same rows through several layers at once; empty where a call for each is as fast, or
   * they cannot go together.
   */
  Optional<List<NDArray>> sideBySide(NDArray x, List<ChainedLayer> layers) {
    if (!canBeTogether(layers) || !paysTogether(x, layers)) {
      return Optional.empty();
    }
    List<RowLayer.Parts> parts = parts(layers);
    for (RowLayer.Parts layer : parts) {
      requireSizes(layer, x.getShape().get(0), x.getShape().get(1));
    }
    return Optional.of(new WideLayers(tape, all(x), 1, x, parts).apply(() -> {}));
  }

  /** Returns whether no two share a gradient, and the engine applies no activation. */
  private static boolean canBeTogether(List<ChainedLayer> layers) {
    List<Parameter> parameters =
        layers.stream()
            .flatMap(layer -> Stream.of(layer.weight(), layer.bias()))
            .filter(Objects::nonNull)
            .toList();
    return parameters.stream().allMatch(ParameterArray.class::isInstance)
        && parameters.stream().distinct().count() == parameters.size()
        && layers.stream().allMatch(layer -> Epilogue.has(layer.follow().activation()));
  }

  /** Returns whether Java can address what they write, and one of them is wide. */
  private boolean paysTogether(NDArray x, List<ChainedLayer> layers) {
    int rows = (int) x.getShape().get(0);
    List<ProductSizes> sizes =
        layers.stream()
            .map(layer -> ProductSizes.ofAll(((ParameterArray) layer.weight()).shape()))
            .toList();
    return sizes.stream().allMatch(layer -> hasRoom((long) rows * layer.rowOut()))
        && sizes.stream().anyMatch(layer -> isWide(x, layer));
  }

  private boolean isWide(NDArray x, ProductSizes sizes) {
    int columns = sizes.rowIn() + sizes.rowOut();
    int rowsOfChunk = new RowChunks(all(x), columns, tape.workers()).rows();
    int rows = (int) x.getShape().get(0);
    return WideLayers.pays(sizes, rows, 1, rowsOfChunk, tape.workers().threads());
  }

  private static void requireSizes(RowLayer.Parts layer, long rows, long columns) {
    ProductSizes sizes = layer.sizes();
    Shapes.require("rows", new Shape(rows, columns), new Shape(rows, sizes.rowIn()));
    if (layer.bias() != null) {
      Shape biases = new Shape(layer.bias().shape().size());
      Shapes.require("biases", biases, new Shape(sizes.rowOut()));
    }
  }

  /** Passes rows through a layer of arrays of the pass; empty as for {@link #layers}. */
  Optional<NDArray> layer(NDArray x, NDArray weight, NDArray bias, Follow follow) {
    GroupArray weights = GroupArray.of(tape, weight);
    ProductSizes sizes = ProductSizes.ofAll(weights.shape());
    return apply(
        x, List.of(new RowLayer.Parts(sizes, weights, GroupArray.of(tape, bias), null, follow)));
  }

  private Optional<NDArray> apply(NDArray x, List<RowLayer.Parts> layers) {
    long rows = x.getShape().get(0);
    long columns = x.getShape().get(1);
    for (RowLayer.Parts layer : layers) {
      requireSizes(layer, rows, columns);
      columns = layer.sizes().rowOut();
      if (!hasRoom(rows * columns) || !hasRoom(layer.sizes().weights())) {
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
    return tape.reshape(x, shape);
  }

  private static List<Segment> all(NDArray x) {
    return List.of(new Segment(0, 0, (int) x.getShape().get(0)));
  }
}
