package org.llm4msr.api.support;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.llm4msr.api.Stability;
import org.llm4msr.api.model.Grouping;
import org.llm4msr.api.model.Grouping.Segment;

/**
 * Rows laid out so that each can be multiplied by a matrix of its group, without copying a matrix
 * for every row. Few large groups are taken one by one; many small ones in slots, as one batched
 * product.
 *
 * <pre>{@code
 * NDArray y = GroupedRows.of(grouping, x).linear(w, b).map(Activation.RELU::apply).toRows();
 * }</pre>
 */
@Stability(level = Stability.Level.UNSTABLE, since = "0.1")
public abstract sealed class GroupedRows {

  /** From here on a product a group costs less than slots with a copy of the matrix each. */
  private static final int LARGE_GROUP = 4 * Grouping.SLOT_ROWS;

  final Grouping grouping;

  private GroupedRows(Grouping grouping) {
    this.grouping = grouping;
  }

  /** Lays out rows (B, n). */
  public static GroupedRows of(Grouping grouping, NDArray x) {
    return grouping.rows() >= (long) LARGE_GROUP * grouping.segments().size()
        ? new Pieces(grouping, ScenarioRouter.pieces(grouping, x))
        : new Slots(grouping, grouping.toSlots(x));
  }

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
