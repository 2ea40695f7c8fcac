package org.llm4msr.api.support;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.util.function.BinaryOperator;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.llm4msr.api.Stability;
import org.llm4msr.api.model.Grouping;
import org.llm4msr.api.model.Pass;

/**
 * Rows laid out so that each can be multiplied by a matrix of its group, in a few batched products
 * whatever the number of groups.
 *
 * <pre>{@code
 * Linear layers = new Linear(context.each("scenario", scenarios), in, out);
 * NDArray y = GroupedRows.of(pass.scenarios(), x).linear(layers).map(Activation.RELU::apply).toRows();
 * }</pre>
 */
@Stability(level = Stability.Level.UNSTABLE, since = "0.1")
public final class GroupedRows {

  private final Grouping grouping;
  private final NDList blocks;

  private GroupedRows(Grouping grouping, NDList blocks) {
    this.grouping = grouping;
    this.blocks = blocks;
  }

  /** Lays out rows (B, n). */
  public static GroupedRows of(Grouping grouping, NDArray x) {
    return new GroupedRows(grouping, grouping.blocks().ofRows(x));
  }

  /**
   * Passes each row through the layer of its group: n columns to m.
   *
   * @param layers made in a context of {@code each}, a part a group
   */
  public GroupedRows linear(Linear layers) {
    return linear(layers.weight(), layers.bias());
  }

  /**
   * Multiplies each row by the matrix of its group and adds the group's bias: n columns to m.
   *
   * @param weight (G, n, m)
   * @param bias (G, m)
   */
  public GroupedRows linear(NDArray weight, NDArray bias) {
    return times(weight).withGroups(bias.expandDims(1), NDArray::add);
  }

  /** Multiplies each row by the matrix of its group: n columns to m; weight (G, n, m). */
  public GroupedRows times(NDArray weight) {
    return withGroups(weight, NDArray::matMul);
  }

  /**
   * Normalises each column over the rows of each group.
   *
   * @param norms made in a context of {@code each}, a part a group
   */
  public GroupedRows normalize(Pass pass, BatchNorm norms) {
    return normalize(pass, norms.now());
  }

  GroupedRows normalize(Pass pass, BatchNorm.Parts norms) {
    return new GroupedRows(grouping, new GroupedNorm(pass, grouping, norms).apply(blocks));
  }

  /** Applies a function of the columns, row by row. */
  public GroupedRows map(UnaryOperator<NDArray> function) {
    return new GroupedRows(grouping, new NDList(blocks.stream().map(function).toList()));
  }

  /**
   * Joins rows with values of their groups.
   *
   * @param perGroup (G, ...)
   * @param function of rows (g, R, n) and the values (g, ...) of their g groups, to (g, R, m)
   */
  public GroupedRows withGroups(NDArray perGroup, BinaryOperator<NDArray> function) {
    return with(grouping.blocks().ofGroups(perGroup), function);
  }

  /** Joins with rows of the same grouping, row by row: n and m columns to some. */
  public GroupedRows with(GroupedRows other, BinaryOperator<NDArray> function) {
    return with(other.blocks, function);
  }

  /** Returns the rows in the order of the batch: (B, m). */
  public NDArray toRows() {
    return grouping.blocks().toRows(blocks);
  }

  private GroupedRows with(NDList others, BinaryOperator<NDArray> function) {
    return new GroupedRows(
        grouping,
        new NDList(
            IntStream.range(0, blocks.size())
                .mapToObj(i -> function.apply(blocks.get(i), others.get(i)))
                .toList()));
  }
}
