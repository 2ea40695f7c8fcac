package org.llm4msr.runtime.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.internal.ChainedLayer;
import org.llm4msr.api.internal.Follow;
import org.llm4msr.api.internal.RowProducts;
import org.llm4msr.api.model.Grouping.Segment;
import org.llm4msr.api.model.Parameter;
import org.llm4msr.runtime.engine.Mkl;
import org.llm4msr.runtime.kernels.Epilogue;
import org.llm4msr.runtime.kernels.ProductSizes;
import org.llm4msr.runtime.kernels.Shapes;

/** Products of the rows of one plan by {@link Mkl}. */
final class OrderedProducts implements RowProducts {

  private final Tape tape;
  private final int rows;
  private final int groups;
  private final List<Segment> segments;

  OrderedProducts(Tape tape, int rows, int groups, List<Segment> segments) {
    this.tape = tape;
    this.rows = rows;
    this.groups = groups;
    this.segments = segments;
  }

  @Override
  public NDArray multiply(NDArray ordered, List<ChainedLayer> layers) {
    return apply(
        ordered,
        layers.stream()
            .map(layer -> RowLayer.Parts.of(tape, layer, ProductSizes::ofGroups))
            .toList(),
        () -> {});
  }

  @Override
  public NDArray multiplyGiven(NDArray ordered, List<GivenLayer> layers) {
    return apply(ordered, layers.stream().map(this::parts).toList(), () -> {});
  }

  private RowLayer.Parts parts(GivenLayer layer) {
    GroupArray bias = layer.bias() == null ? null : GroupArray.of(tape, layer.bias());
    return parts(GroupArray.of(tape, layer.weight()), bias, layer.follow());
  }

  @Override
  public NDArray multiplyScaled(NDArray ordered, Parameter weight, Parameter factor, NDArray bias) {
    if (!(weight instanceof ParameterArray own && factor instanceof ParameterArray shared)) {
      return multiply(ordered, weight.array().mul(factor.array()), bias, Follow.NOTHING);
    }
    Shapes.require("factors", shared.shape(), own.shape().slice(1));
    NDArray weights = own.constant();
    NDArray factors = shared.constant();
    GroupArray.Scaled scaled = new GroupArray.Scaled(weights.mul(factors));
    return apply(
        ordered,
        List.of(parts(scaled, GroupArray.of(tape, bias), Follow.NOTHING)),
        () -> {
          NDArray gradient = scaled.array();
          shared.added().add(gradient.mul(weights).sum(new int[] {0}));
          own.added().add(gradient.muli(factors));
        });
  }

  private static RowLayer.Parts parts(GroupArray weight, @Nullable GroupArray bias, Follow follow) {
    return new RowLayer.Parts(ProductSizes.ofGroups(weight.shape()), weight, bias, null, follow);
  }

  /**
   * Passes rows through layers.
   *
   * @param behind what runs once the gradients of the weights are complete
   */
  private NDArray apply(NDArray ordered, List<RowLayer.Parts> layers, Runnable behind) {
    int columns = layers.get(0).sizes().rowIn();
    require("rows", ordered, rows, columns);
    for (RowLayer.Parts layer : layers) {
      requireGroups(layer);
      Shapes.require("rows", new Shape(rows, columns), new Shape(rows, layer.sizes().rowIn()));
      columns = layer.sizes().rowOut();
    }
    return RowLayers.apply(tape, segments, groups, ordered, layers, behind);
  }

  private void requireGroups(RowLayer.Parts layer) {
    ProductSizes sizes = layer.sizes();
    Shape weights = layer.weight().shape();
    Shapes.require("weights", weights, sizes.shape(groups, weights.dimension()));
    if (layer.bias() != null) {
      Shapes.require("biases", layer.bias().shape(), new Shape(groups, sizes.rowOut()));
    }
  }

  @Override
  public Normalized normalize(
      NDArray ordered,
      NDArray scale,
      NDArray shift,
      NDArray mean,
      NDArray variance,
      float epsilon,
      Follow follow) {
    if (!Epilogue.has(follow.activation())) {
      Normalized inner = normalize(ordered, scale, shift, mean, variance, epsilon, Follow.NOTHING);
      return new Normalized(
          follow.applyTo(inner.rows()), inner.mean(), inner.variance(), inner.counts());
    }
    int columns = (int) ordered.getShape().get(1);
    require("rows", ordered, rows, columns);
    for (NDArray perGroup : List.of(scale, shift, mean, variance)) {
      require("scale, shift, mean and variance", perGroup, groups, columns);
    }
    return new NormLayer(tape, segments, follow, ordered, scale, shift, mean, variance)
        .apply(epsilon);
  }

  private static void require(String name, NDArray array, int rows, int columns) {
    Shapes.require(name, array.getShape(), new Shape(rows, columns));
    if (array.getDataType() != DataType.FLOAT32) {
      throw new IllegalArgumentException("numbers are " + array.getDataType() + ", not float32");
    }
  }
}
