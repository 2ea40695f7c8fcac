package org.llm4msr.toolkit.model;

import static java.util.Objects.requireNonNull;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.BinaryOperator;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.Stability;
import org.llm4msr.api.internal.ChainedLayer;
import org.llm4msr.api.internal.Follow;
import org.llm4msr.api.internal.RowPlan;
import org.llm4msr.api.internal.RowProducts;
import org.llm4msr.api.model.Activation;
import org.llm4msr.api.model.Grouping;
import org.llm4msr.api.model.Parameter;
import org.llm4msr.api.model.Pass;

/**
 * Rows laid out so that each can be multiplied by a matrix of its group: in the order of their
 * groups if the grouping has products of such rows, otherwise in blocks, with a few batched
 * products.
 *
 * <pre>{@code
 * Linear layers = new Linear(context.each("scenario", scenarios), in, out);
 * NDArray y = GroupedRows.of(pass.scenarios(), x).linear(layers).map(Activation.RELU::apply).toRows();
 * }</pre>
 */
@Stability(level = Stability.Level.UNSTABLE, since = "0.1")
public final class GroupedRows {

  private final RowPlan grouping;

  /** The rows as given, null once something was applied to them. */
  private final @Nullable NDArray rows;

  private @Nullable NDArray ordered;
  private @Nullable NDList blocks;

  private GroupedRows(
      RowPlan grouping,
      @Nullable NDArray rows,
      @Nullable NDArray ordered,
      @Nullable NDList blocks) {
    this.grouping = grouping;
    this.rows = rows;
    this.ordered = ordered;
    this.blocks = blocks;
  }

  /** Lays out rows (B, n); the work is done at their first use. */
  public static GroupedRows of(Grouping grouping, NDArray x) {
    return new GroupedRows(RowPlan.of(grouping), x, null, null);
  }

  /**
   * Returns an array with the same values, below which a backward pass goes only once. It goes
   * through what lies below a recorded product separately from everything else: use the result in
   * place of an array that has a large network below it and also reaches the loss in other ways.
   *
   * @param x of any shape; it need not be laid out
   * @return an array of the shape of x; belongs to the pass, which closes it
   */
  public static NDArray join(Grouping grouping, NDArray x) {
    return RowPlan.of(grouping).join(x);
  }

  private NDList blocks() {
    if (blocks == null) {
      // Each block is the end of a record of its own where products are recorded.
      blocks = grouping.blocks().ofRows(grouping.join(toRows()));
    }
    return blocks;
  }

  /** Returns the rows by group, for the products of the grouping. */
  private NDArray ordered() {
    if (ordered == null) {
      ordered = grouping.order(toRows());
    }
    return ordered;
  }

  private GroupedRows ordered(NDArray result) {
    return new GroupedRows(grouping, null, result, null);
  }

  /** Applies an operation on ordered rows, if the grouping has such products. */
  private Optional<GroupedRows> product(BiFunction<RowProducts, NDArray, NDArray> product) {
    return grouping.products().map(products -> ordered(product.apply(products, ordered())));
  }

  /**
   * Passes each row through the layer of its group: n columns to m.
   *
   * @param layers made in a context of {@code each}, one part per group
   */
  public GroupedRows linear(Linear layers) {
    return product((p, x) -> p.multiply(x, layers.weights(), layers.biases(), Follow.NOTHING))
        .orElseGet(
            () ->
                withGroups(layers.weights(), grouping::product)
                    .withGroups(layers.bias().expandDims(1), NDArray::add));
  }

  /** Passes each row through the layer of its group and what follows it. */
  GroupedRows linear(Pass pass, Linear layers, BlockSettings settings) {
    return product(
            (p, x) -> p.multiply(x, layers.weights(), layers.biases(), settings.follow(pass)))
        .orElseGet(() -> linear(layers).follow(pass, settings));
  }

  /** Multiplies each row by the matrices of its group and does what follows. */
  GroupedRows linear(Pass pass, Parameter weight, Parameter bias, BlockSettings settings) {
    return product((p, x) -> p.multiply(x, weight, bias, settings.follow(pass)))
        .orElseGet(() -> linear(weight, bias).follow(pass, settings));
  }

  /** Passes each row through the layers of its group, if the grouping has such products. */
  Optional<GroupedRows> layers(List<ChainedLayer> layers) {
    return product((p, x) -> p.multiply(x, layers));
  }

  private GroupedRows follow(Pass pass, BlockSettings settings) {
    return map(settings.activation()::apply).dropout(pass, settings.dropout());
  }

  /**
   * Multiplies each row, part by part, by the matrices of its group: e * n columns to e * m.
   *
   * @param weight (G, e, n, m)
   * @param bias (G, e * m)
   */
  GroupedRows linear(Parameter weight, Parameter bias) {
    return product((p, x) -> p.multiply(x, weight, bias, Follow.NOTHING))
        .orElseGet(
            () ->
                withGroups(weight, this::partByPart)
                    .withGroups(bias.array().expandDims(1), NDArray::add));
  }

  /** (g, R, e * n) and (g, e, n, m) to (g, R, e * m). */
  private NDArray partByPart(NDArray x, NDArray weights) {
    Shape shape = x.getShape();
    long parts = weights.getShape().get(1);
    NDArray apart = x.reshape(shape.get(0), shape.get(1), parts, -1).transpose(0, 2, 1, 3);
    return grouping
        .product(apart, weights)
        .transpose(0, 2, 1, 3)
        .reshape(shape.get(0), shape.get(1), -1);
  }

  /**
   * Multiplies each row by the matrix of its group and adds the group's bias: n columns to m.
   *
   * @param weight (G, n, m)
   * @param bias (G, m)
   */
  public GroupedRows linear(NDArray weight, NDArray bias) {
    return linear(weight, bias, Activation.NONE);
  }

  /**
   * Multiplies each row by the matrix of its group, adds the group's bias and applies an
   * activation: n columns to m.
   *
   * @param weight (G, n, m)
   * @param bias (G, m)
   */
  public GroupedRows linear(NDArray weight, NDArray bias, Activation activation) {
    return linear(List.of(new Layer(weight, bias, activation)));
  }

  /**
   * A layer of each group whose weights the pass computed: {@code act(x W + b)}.
   *
   * @param weight (G, n, m); the pass closes it
   * @param bias (G, m); likewise
   */
  public record Layer(NDArray weight, NDArray bias, Activation activation) {

    private RowProducts.GivenLayer given() {
      return new RowProducts.GivenLayer(weight, bias, new Follow(activation, null));
    }

    private GroupedRows apply(GroupedRows rows) {
      return rows.times(weight).withGroups(bias.expandDims(1), NDArray::add).map(activation::apply);
    }
  }

  /**
   * Passes each row through layers of its group, one after the other: n columns to the m of the
   * last. Faster than a call for each.
   *
   * @param layers at least one; each reads as many columns as the one before writes
   * @throws IllegalArgumentException without a layer
   */
  public GroupedRows linear(List<Layer> layers) {
    if (layers.isEmpty()) {
      throw new IllegalArgumentException("no layer for the rows; give at least one");
    }
    return product((p, x) -> p.multiplyGiven(x, layers.stream().map(Layer::given).toList()))
        .orElseGet(() -> inTurn(layers));
  }

  private GroupedRows inTurn(List<Layer> layers) {
    GroupedRows rows = this;
    for (Layer layer : layers) {
      rows = layer.apply(rows);
    }
    return rows;
  }

  /**
   * Multiplies each row by the element-wise product of its group's matrix and a matrix that all
   * groups share, and adds the group's bias: n columns to m.
   *
   * @param weight (G, n, m)
   * @param factor (n, m)
   * @param bias (G, m)
   */
  public GroupedRows scaledLinear(Parameter weight, Parameter factor, NDArray bias) {
    return product((p, x) -> p.multiplyScaled(x, weight, factor, bias))
        .orElseGet(
            () ->
                // Block by block: the product of a block is still in the cache when its rows are
                // multiplied by it.
                withGroups(weight, (x, own) -> grouping.product(x, own.mul(factor.array())))
                    .withGroups(bias.expandDims(1), NDArray::add));
  }

  /** Multiplies each row by the matrix of its group: n columns to m; weight (G, n, m). */
  public GroupedRows times(NDArray weight) {
    return product((p, x) -> p.multiply(x, weight, null, Follow.NOTHING))
        .orElseGet(() -> withGroups(weight, grouping::product));
  }

  /**
   * Normalises each column over the rows of each group.
   *
   * @param norms made in a context of {@code each}, one part per group
   */
  public GroupedRows normalize(Pass pass, BatchNorm norms) {
    return normalize(pass, norms.now());
  }

  GroupedRows normalize(Pass pass, BatchNorm.Parts norms) {
    return normalize(pass, norms, Follow.NOTHING)
        .orElseGet(() -> with(new GroupedNorm(pass, grouping, norms).apply(blocks())));
  }

  /** Normalises and does what follows. */
  GroupedRows normalize(Pass pass, BatchNorm norms, BlockSettings settings) {
    return normalize(pass, norms.now(), settings.follow(pass))
        .orElseGet(() -> normalize(pass, norms).follow(pass, settings));
  }

  private Optional<GroupedRows> normalize(Pass pass, BatchNorm.Parts norms, Follow follow) {
    GroupedNorm norm = new GroupedNorm(pass, grouping, norms);
    return pass.training() ? product((p, x) -> norm.apply(p, x, follow)) : Optional.empty();
  }

  /** Applies a function of the columns, row by row. */
  public GroupedRows map(UnaryOperator<NDArray> function) {
    if (isOrdered()) {
      return ordered(function.apply(ordered()));
    }
    return with(new NDList(blocks().stream().map(function).toList()));
  }

  /**
   * Drops units in training as {@link Dropout} does. The mask is drawn for the rows in their batch
   * order, so that it does not depend on their layout: use this, not {@code Dropout} within {@link
   * #map}.
   *
   * @param rate share of units dropped, in [0, 1)
   */
  public GroupedRows dropout(Pass pass, double rate) {
    if (!pass.training() || rate == 0) {
      return this;
    }
    if (isOrdered()) {
      return ordered(Dropout.apply(pass, ordered(), rate));
    }
    Shape row = blocks().get(0).getShape().slice(2);
    NDArray mask = pass.dropoutMask(new Shape(grouping.rows()).addAll(row), rate);
    return with(grouping.blocks().ofRows(grouping.restore(mask)), NDArray::mul);
  }

  /**
   * Combines rows with values of their groups.
   *
   * @param perGroup (G, ...)
   * @param function of rows (g, R, n) and the values (g, ...) of their g groups, to (g, R, m)
   */
  public GroupedRows withGroups(NDArray perGroup, BinaryOperator<NDArray> function) {
    return with(grouping.blocks().ofGroups(perGroup), function);
  }

  /**
   * Combines rows with a parameter's values for their groups. The gradient costs less than with the
   * parameter's array.
   *
   * @param perGroup (G, ...), made in a context of {@code each}
   * @param function as above
   */
  public GroupedRows withGroups(Parameter perGroup, BinaryOperator<NDArray> function) {
    return with(grouping.blocks().ofGroups(perGroup), function);
  }

  /** Combines with rows of the same grouping, row by row: n and m columns to any number. */
  public GroupedRows with(GroupedRows other, BinaryOperator<NDArray> function) {
    if (isOrdered()) {
      return ordered(function.apply(ordered(), other.ordered()));
    }
    return with(other.blocks(), function);
  }

  /** Returns the rows in the order of the batch: (B, m). */
  public NDArray toRows() {
    if (rows != null) {
      return rows;
    }
    return blocks == null
        ? grouping.restore(requireNonNull(ordered))
        : grouping.blocks().toRows(blocks);
  }

  /** Returns whether a product with the matrices of all groups moves no row. */
  boolean lieInOrder() {
    return grouping.isOrdered() && grouping.products().isPresent();
  }

  /** Returns whether rows stay ordered: there are products, and blocks were not asked for. */
  private boolean isOrdered() {
    return blocks == null && grouping.products().isPresent();
  }

  private GroupedRows with(NDList others, BinaryOperator<NDArray> function) {
    NDList own = blocks();
    return with(
        new NDList(
            IntStream.range(0, own.size())
                .mapToObj(i -> function.apply(own.get(i), others.get(i)))
                .toList()));
  }

  private GroupedRows with(NDList results) {
    return new GroupedRows(grouping, null, null, results);
  }
}
