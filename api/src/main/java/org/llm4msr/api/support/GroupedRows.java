package org.llm4msr.api.support;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import java.util.List;
import java.util.function.BinaryOperator;
import java.util.function.IntFunction;
import java.util.function.UnaryOperator;
import org.llm4msr.api.Stability;
import org.llm4msr.api.model.Grouping;
import org.llm4msr.api.model.Grouping.Segment;
import org.llm4msr.api.model.Pass;

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
  public final GroupedRows linear(IntFunction<Linear> layers) {
    return linear(group -> layers.apply(group).weight(), group -> layers.apply(group).bias());
  }

  /**
   * Multiplies each row by the matrix of its group and adds the group's bias: n columns to m.
   *
   * @param weights (n, m) of a group, asked for groups with rows only
   * @param biases (m) of a group
   */
  public abstract GroupedRows linear(IntFunction<NDArray> weights, IntFunction<NDArray> biases);

  /** Normalises each column over the rows of each group; asks for groups with rows only. */
  public final GroupedRows normalize(Pass pass, IntFunction<BatchNorm> norms) {
    return normalizeBy(pass, group -> norms.apply(group).now());
  }

  abstract GroupedRows normalizeBy(Pass pass, IntFunction<BatchNorm.Parts> norms);

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

  /** Joins with rows of the same grouping, row by row: n and m columns to some. */
  public abstract GroupedRows with(GroupedRows other, BinaryOperator<NDArray> function);

  /** Returns the rows in the order of the batch: (B, m). */
  public abstract NDArray toRows();

  private static final class Slots extends GroupedRows {

    private final NDArray slots;

    Slots(Grouping grouping, NDArray slots) {
      super(grouping);
      this.slots = slots;
    }

    @Override
    public GroupedRows linear(IntFunction<NDArray> weights, IntFunction<NDArray> biases) {
      NDArray product = slots.matMul(eachSlot(weights));
      return new Slots(grouping, product.add(eachSlot(biases).expandDims(1)));
    }

    private NDArray eachSlot(IntFunction<NDArray> values) {
      List<Segment> segments = grouping.segments();
      NDList copies = new NDList();
      if (segments.size() == grouping.groups()) {
        segments.forEach(segment -> copies.add(values.apply(segment.group())));
        return grouping.slotValues(NDArrays.stack(copies));
      }
      for (Segment segment : segments) {
        NDArray value = values.apply(segment.group());
        for (int slot = 0; slot < segment.slots(grouping.slotRows()); slot++) {
          copies.add(value);
        }
      }
      return NDArrays.stack(copies);
    }

    @Override
    GroupedRows normalizeBy(Pass pass, IntFunction<BatchNorm.Parts> norms) {
      return new Slots(grouping, SlotNorm.apply(pass, grouping, slots, norms));
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
    public GroupedRows with(GroupedRows other, BinaryOperator<NDArray> function) {
      return new Slots(grouping, function.apply(slots, ((Slots) other).slots));
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
    public GroupedRows linear(IntFunction<NDArray> weights, IntFunction<NDArray> biases) {
      return each((group, rows) -> rows.matMul(weights.apply(group)).add(biases.apply(group)));
    }

    @Override
    GroupedRows normalizeBy(Pass pass, IntFunction<BatchNorm.Parts> norms) {
      return each((group, rows) -> norms.apply(group).apply(pass, rows));
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
    public GroupedRows with(GroupedRows other, BinaryOperator<NDArray> function) {
      NDList others = ((Pieces) other).pieces;
      NDList results = new NDList(pieces.size());
      for (int i = 0; i < pieces.size(); i++) {
        results.add(function.apply(pieces.get(i), others.get(i)));
      }
      return new Pieces(grouping, results);
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
