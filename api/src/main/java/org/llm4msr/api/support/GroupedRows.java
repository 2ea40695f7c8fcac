package org.llm4msr.api.support;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import java.util.List;
import java.util.function.IntFunction;
import java.util.function.UnaryOperator;
import org.llm4msr.api.Stability;
import org.llm4msr.api.model.Grouping;
import org.llm4msr.api.model.Grouping.Segment;

/**
 * Rows laid out so that each can be multiplied by a matrix of its group, without copying a matrix
 * for every row. Few large groups are taken one by one; many in slots, as one batched product.
 *
 * <pre>{@code
 * NDArray y = GroupedRows.of(grouping, x).linear(w, b).map(Activation.RELU::apply).toRows();
 * }</pre>
 */
@Stability(level = Stability.Level.UNSTABLE, since = "0.1")
public abstract sealed class GroupedRows {

  /** What the calls of a product a group cost, in rows of a product. */
  private static final int CALLS = 256;

  /** What copying a matrix for a slot costs, in rows of a product. */
  private static final int COPY = 32;

  final Grouping grouping;

  private GroupedRows(Grouping grouping) {
    this.grouping = grouping;
  }

  /** Lays out rows (B, n). */
  public static GroupedRows of(Grouping grouping, NDArray x) {
    return prefersPieces(grouping)
        ? new Pieces(grouping, ScenarioRouter.pieces(grouping, x))
        : new Slots(grouping, grouping.toSlots(x));
  }

  private static boolean prefersPieces(Grouping grouping) {
    int groups = grouping.segments().size();
    long slots = grouping.segments().stream().mapToInt(s -> s.slots(grouping.slotRows())).sum();
    return groups == 1
        || grouping.rows() + (long) CALLS * groups < slots * (grouping.slotRows() + COPY);
  }

  /**
   * Passes each row through the layer of its group: n columns to m.
   *
   * @param layers the layer of a group, asked for groups with rows only
   */
  public abstract GroupedRows linear(IntFunction<Linear> layers);

  /**
   * Multiplies each row by the matrix of its group and adds the group's bias: n columns to m.
   *
   * @param weight (G, n, m)
   * @param bias (G, m)
   */
  public abstract GroupedRows linear(NDArray weight, NDArray bias);

  /** Multiplies each row by the matrix of its group: n columns to m; weight (G, n, m). */
  public abstract GroupedRows times(NDArray weight);

  /** Applies a function of the columns, row by row. */
  public abstract GroupedRows map(UnaryOperator<NDArray> function);

  /** Returns the rows in the order of the batch: (B, m). */
  public abstract NDArray toRows();

  private static final class Slots extends GroupedRows {

    private final NDArray slots;

    Slots(Grouping grouping, NDArray slots) {
      super(grouping);
      this.slots = slots;
    }

    @Override
    public GroupedRows linear(IntFunction<Linear> layers) {
      NDList weights = new NDList();
      NDList biases = new NDList();
      for (Segment segment : grouping.segments()) {
        Linear layer = layers.apply(segment.group());
        for (int slot = 0; slot < segment.slots(grouping.slotRows()); slot++) {
          weights.add(layer.weight());
          biases.add(layer.bias());
        }
      }
      NDArray product = slots.matMul(NDArrays.stack(weights));
      return new Slots(grouping, product.add(NDArrays.stack(biases).expandDims(1)));
    }

    @Override
    public GroupedRows linear(NDArray weight, NDArray bias) {
      NDArray product = slots.matMul(grouping.slotValues(weight));
      return new Slots(grouping, product.add(grouping.slotValues(bias).expandDims(1)));
    }

    @Override
    public GroupedRows times(NDArray weight) {
      return new Slots(grouping, slots.matMul(grouping.slotValues(weight)));
    }

    @Override
    public GroupedRows map(UnaryOperator<NDArray> function) {
      return new Slots(grouping, function.apply(slots));
    }

    @Override
    public NDArray toRows() {
      return grouping.fromSlots(slots);
    }
  }

  private static final class Pieces extends GroupedRows {

    private final NDList pieces;

    Pieces(Grouping grouping, NDList pieces) {
      super(grouping);
      this.pieces = pieces;
    }

    @Override
    public GroupedRows linear(IntFunction<Linear> layers) {
      return each((group, rows) -> layers.apply(group).forward(rows));
    }

    @Override
    public GroupedRows linear(NDArray weight, NDArray bias) {
      NDList weights = perGroup(weight);
      NDList biases = perGroup(bias);
      return each((group, rows) -> rows.matMul(weights.get(group)).add(biases.get(group)));
    }

    @Override
    public GroupedRows times(NDArray weight) {
      NDList weights = perGroup(weight);
      return each((group, rows) -> rows.matMul(weights.get(group)));
    }

    @Override
    public GroupedRows map(UnaryOperator<NDArray> function) {
      return each((group, rows) -> function.apply(rows));
    }

    @Override
    public NDArray toRows() {
      return grouping.restore(ScenarioRouter.join(pieces));
    }

    private GroupedRows each(ScenarioRouter.Branch branch) {
      List<Segment> segments = grouping.segments();
      NDList results = new NDList(segments.size());
      for (int i = 0; i < segments.size(); i++) {
        results.add(branch.apply(segments.get(i).group(), pieces.get(i)));
      }
      return new Pieces(grouping, results);
    }

    private NDList perGroup(NDArray values) {
      NDList one = grouping.groups() == 1 ? new NDList(values) : values.split(grouping.groups());
      return new NDList(one.stream().map(v -> v.reshape(v.getShape().slice(1))).toList());
    }
  }
}
