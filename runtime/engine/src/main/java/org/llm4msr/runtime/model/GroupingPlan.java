package org.llm4msr.runtime.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.internal.RowBlocks;
import org.llm4msr.api.internal.RowPlan;
import org.llm4msr.api.internal.RowProducts;
import org.llm4msr.api.model.Grouping;
import org.llm4msr.runtime.engine.Mkl;
import org.llm4msr.runtime.kernels.RowMoves;

/**
 * The index plan of one batch: a counting sort in Java, and index arrays on the engine that are
 * made when first used. Used by the thread of its pass; its arrays are closed with the manager.
 */
public final class GroupingPlan implements RowPlan {

  private final NDManager manager;
  private final boolean training;

  /** The tape of the pass, null outside of one. */
  private final @Nullable Tape tape;

  /** The same where it records products outside the engine. */
  private final @Nullable Tape groupTape;

  private final int[] groupOfRow;

  /** {@code starts[g]} to {@code starts[g + 1]} are the ordered rows of group g. */
  private final int[] starts;

  /** The row of the batch at each ordered place. */
  private final int[] orderOfRows;

  private final boolean ordered;
  private final List<Segment> segments;

  private @Nullable NDArray order;
  private @Nullable NDArray inverse;
  private @Nullable NDArray rowGroups;
  private @Nullable BlockPlan blocks;
  private @Nullable OrderedProducts products;
  private final IdentityHashMap<NDArray, NDArray> orderedRows = new IdentityHashMap<>();

  private GroupingPlan(
      NDManager manager, int[] groupOfRow, int groups, boolean training, @Nullable Tape tape) {
    this.manager = manager;
    this.training = training;
    this.tape = tape;
    groupTape = tape != null && tape.recordsGroups() ? tape : null;
    this.groupOfRow = groupOfRow;
    starts = starts(groupOfRow, groups);
    orderOfRows = sortedRows(groupOfRow, starts);
    ordered = isIdentity(orderOfRows);
    segments = segments(starts);
  }

  /**
   * Makes a plan.
   *
   * @param manager owns the index arrays
   * @param group the group of each row; at least {@code rows}, copied
   * @param rows B
   * @param groups G
   * @param training whether a backward pass follows, and a push of the parameters that it used
   */
  public static GroupingPlan of(
      NDManager manager, int[] group, int rows, int groups, boolean training) {
    return new GroupingPlan(manager, Arrays.copyOf(group, rows), groups, training, null);
  }

  /**
   * Makes a plan of a pass.
   *
   * @param tape of the pass
   */
  public static GroupingPlan of(
      NDManager manager, int[] group, int rows, int groups, boolean training, Tape tape) {
    return new GroupingPlan(manager, Arrays.copyOf(group, rows), groups, training, tape);
  }

  /** Makes a plan of a pass that no backward pass follows. */
  public static GroupingPlan of(NDManager manager, int[] group, int rows, int groups) {
    return of(manager, group, rows, groups, false);
  }

  @Override
  public int rows() {
    return groupOfRow.length;
  }

  @Override
  public int groups() {
    return starts.length - 1;
  }

  @Override
  public List<Segment> segments() {
    return segments;
  }

  @Override
  public boolean isOrdered() {
    return ordered;
  }

  @Override
  public NDArray order(NDArray x) {
    if (ordered) {
      return x;
    }
    return isMoved(x)
        ? orderedRows.computeIfAbsent(x, rows -> move(rows, orderOfRows, positions()))
        : Gathers.rows(x, orderIndex());
  }

  @Override
  public NDArray restore(NDArray inOrder) {
    if (ordered) {
      return inOrder;
    }
    return isMoved(inOrder)
        ? move(inOrder, positions(), orderOfRows)
        : Gathers.rows(inOrder, inverseIndex());
  }

  private boolean isMoved(NDArray x) {
    return groupTape != null
        && x.getDataType() == DataType.FLOAT32
        && DenseLayers.hasRoom(x.size());
  }

  /** Moves rows; the gradient of a permutation is its inverse. */
  private NDArray move(NDArray x, int[] there, int[] back) {
    Tape recorded = Objects.requireNonNull(groupTape);
    Tape.Leaf from = recorded.take(x);
    Shape shape = from.array().getShape();
    int columns = (int) shape.slice(1).size();
    NDArray moved = recorded.manager().create(shape, DataType.FLOAT32);
    RowMoves.run(from.values().numbers(), there, columns, Mkl.floats(moved), recorded.workers());
    return recorded.give(
        moved, gradient -> moveBack(recorded, Mkl.floats(gradient), back, columns, from));
  }

  private static void moveBack(
      Tape tape, FloatBuffer gradient, int[] index, int columns, Tape.Leaf to) {
    if (!to.isWanted()) {
      return;
    }
    boolean added = to.hasGradient(); // Before its place is asked for.
    FloatBuffer sum = Mkl.floats(to.gradient());
    if (added) {
      RowMoves.add(gradient, index, columns, sum, tape.workers());
    } else {
      RowMoves.run(gradient, index, columns, sum, tape.workers());
    }
  }

  @Override
  public NDArray join(NDArray x) {
    return tape != null && tape.records() && x.getDataType() == DataType.FLOAT32 ? tape.join(x) : x;
  }

  @Override
  public NDArray product(NDArray left, NDArray right) {
    return tape == null ? left.matMul(right) : ScriptProduct.of(tape, left, right);
  }

  @Override
  public Optional<RowProducts> products() {
    if (groupTape == null) {
      return Optional.empty();
    }
    if (products == null) {
      products = new OrderedProducts(groupTape, rows(), groups(), segments);
    }
    return Optional.of(products);
  }

  @Override
  public RowBlocks blocks() {
    if (blocks == null) {
      blocks = new BlockPlan(manager, starts, orderOfRows, training);
    }
    return blocks;
  }

  @Override
  public NDArray rowValues(NDArray perGroup) {
    if (rowGroups == null) {
      rowGroups = Gathers.index(manager, groupOfRow);
    }
    return Gathers.rows(perGroup, rowGroups);
  }

  @Override
  public Grouping repeated(int k) {
    int[] group = new int[rows() * k];
    for (int row = 0; row < rows(); row++) {
      Arrays.fill(group, row * k, (row + 1) * k, groupOfRow[row]);
    }
    return new GroupingPlan(manager, group, groups(), training, tape);
  }

  @Override
  public List<Part> parts(int maxGroups) {
    List<Part> parts = new ArrayList<>();
    for (int first = 0; first < groups(); first += maxGroups) {
      int behind = Math.min(first + maxGroups, groups());
      int from = starts[first];
      int to = starts[behind];
      if (to > from) {
        parts.add(new Part(part(first, behind), from, to, first));
      }
    }
    return parts;
  }

  private GroupingPlan part(int first, int behind) {
    int[] group = new int[starts[behind] - starts[first]];
    for (int g = first; g < behind; g++) {
      Arrays.fill(group, starts[g] - starts[first], starts[g + 1] - starts[first], g - first);
    }
    return new GroupingPlan(manager, group, behind - first, training, tape);
  }

  private NDArray orderIndex() {
    if (order == null) {
      order = Gathers.index(manager, orderOfRows);
    }
    return order;
  }

  private NDArray inverseIndex() {
    if (inverse == null) {
      inverse = Gathers.index(manager, positions());
    }
    return inverse;
  }

  /** Returns the ordered place of each row of the batch. */
  private int[] positions() {
    int[] positions = new int[rows()];
    for (int position = 0; position < positions.length; position++) {
      positions[orderOfRows[position]] = position;
    }
    return positions;
  }

  private static int[] starts(int[] groupOfRow, int groups) {
    int[] starts = new int[groups + 1];
    for (int group : groupOfRow) {
      starts[group + 1]++;
    }
    for (int g = 0; g < groups; g++) {
      starts[g + 1] += starts[g];
    }
    return starts;
  }

  private static int[] sortedRows(int[] groupOfRow, int[] starts) {
    int[] next = starts.clone();
    int[] rows = new int[groupOfRow.length];
    for (int row = 0; row < groupOfRow.length; row++) {
      rows[next[groupOfRow[row]]++] = row;
    }
    return rows;
  }

  static boolean isIdentity(int[] rows) {
    for (int position = 0; position < rows.length; position++) {
      if (rows[position] != position) {
        return false;
      }
    }
    return true;
  }

  private static List<Segment> segments(int[] starts) {
    List<Segment> segments = new ArrayList<>();
    for (int g = 0; g + 1 < starts.length; g++) {
      if (starts[g + 1] > starts[g]) {
        segments.add(new Segment(g, starts[g], starts[g + 1]));
      }
    }
    return List.copyOf(segments);
  }
}
