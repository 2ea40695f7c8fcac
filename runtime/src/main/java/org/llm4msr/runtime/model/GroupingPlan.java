package org.llm4msr.runtime.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.model.Grouping;

/**
 * The index plan of one batch: a counting sort in Java, and index arrays on the engine that are
 * made when first used. Used by the thread of its pass; its arrays are closed with the manager.
 */
public final class GroupingPlan implements Grouping {

  private static final int SLOT_STEP = 8;

  /** Copying a matrix for a slot and adding up its gradient costs as much as so many rows. */
  private static final int MATRIX_ROWS = 32;

  private final NDManager manager;
  private final int[] groupOfRow;

  /** {@code starts[g]} to {@code starts[g + 1]} are the ordered rows of group g. */
  private final int[] starts;

  /** The row of the batch at each ordered place. */
  private final int[] orderOfRows;

  private final boolean ordered;
  private final List<Segment> segments;
  private final int slotRows;

  private @Nullable NDArray order;
  private @Nullable NDArray inverse;
  private @Nullable NDArray rowGroups;
  private @Nullable Slots slots;

  private GroupingPlan(NDManager manager, int[] groupOfRow, int groups) {
    this.manager = manager;
    this.groupOfRow = groupOfRow;
    starts = starts(groupOfRow, groups);
    orderOfRows = sortedRows(groupOfRow, starts);
    ordered = isIdentity(orderOfRows);
    segments = segments(starts);
    slotRows = cheapestSlots();
  }

  /**
   * Makes a plan.
   *
   * @param manager owns the index arrays
   * @param group the group of each row; at least {@code rows}, copied
   * @param rows B
   * @param groups G
   */
  public static GroupingPlan of(NDManager manager, int[] group, int rows, int groups) {
    return new GroupingPlan(manager, Arrays.copyOf(group, rows), groups);
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
  public NDArray order(NDArray x) {
    return ordered ? x : Gathers.rows(x, orderIndex());
  }

  @Override
  public NDArray restore(NDArray orderedRows) {
    return ordered ? orderedRows : Gathers.rows(orderedRows, inverseIndex());
  }

  @Override
  public int slotRows() {
    return slotRows;
  }

  @Override
  public NDArray toSlots(NDArray x) {
    Slots plan = slots();
    NDArray rows = Gathers.rows(Gathers.withZeroRow(x, manager), plan.sources);
    return rows.reshape(new Shape(plan.count, slotRows).addAll(x.getShape().slice(1)));
  }

  @Override
  public NDArray fromSlots(NDArray inSlots) {
    Slots plan = slots();
    Shape row = inSlots.getShape().slice(2);
    Shape flat = new Shape((long) plan.count * slotRows).addAll(row);
    return Gathers.rows(inSlots.reshape(flat), plan.places);
  }

  @Override
  public NDArray slotValues(NDArray perGroup) {
    Slots plan = slots();
    return plan.oneEach ? perGroup : Gathers.rows(perGroup, plan.groups);
  }

  @Override
  public NDArray rowValues(NDArray perGroup) {
    if (rowGroups == null) {
      rowGroups = Gathers.index(manager, groupOfRow);
    }
    return Gathers.rows(perGroup, rowGroups);
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
    return new GroupingPlan(manager, group, behind - first);
  }

  private NDArray orderIndex() {
    if (order == null) {
      order = Gathers.index(manager, orderOfRows);
    }
    return order;
  }

  private NDArray inverseIndex() {
    if (inverse == null) {
      int[] places = new int[rows()];
      for (int place = 0; place < places.length; place++) {
        places[orderOfRows[place]] = place;
      }
      inverse = Gathers.index(manager, places);
    }
    return inverse;
  }

  private Slots slots() {
    if (slots == null) {
      slots = new Slots(this);
    }
    return slots;
  }

  private int cheapestSlots() {
    int longest = segments.stream().mapToInt(Segment::rows).max().orElse(SLOT_STEP);
    int oneEach = (longest + SLOT_STEP - 1) / SLOT_STEP * SLOT_STEP;
    int best = oneEach;
    long least = segments.size() == groups() ? (long) groups() * oneEach : slotCost(oneEach);
    for (int size = SLOT_STEP; size < oneEach; size *= 2) {
      long cost = slotCost(size);
      if (cost < least) {
        best = size;
        least = cost;
      }
    }
    return best;
  }

  private long slotCost(int size) {
    return (long) slots(size) * (size + MATRIX_ROWS);
  }

  private int slots(int size) {
    return segments.stream().mapToInt(segment -> segment.slots(size)).sum();
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

  private static boolean isIdentity(int[] rows) {
    for (int place = 0; place < rows.length; place++) {
      if (rows[place] != place) {
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

  /** Where each row lies in the slots, and what each place of a slot holds. */
  private static final class Slots {

    final int count;

    /** The row at each place, B where the place is empty: (T * R). */
    final NDArray sources;

    /** The place of each row: (B). */
    final NDArray places;

    /** The group of each slot: (T). */
    final NDArray groups;

    /** Whether slot t is that of group t, so that nothing needs to be copied. */
    final boolean oneEach;

    Slots(GroupingPlan plan) {
      int size = plan.slotRows;
      count = plan.slots(size);
      int[] source = new int[count * size];
      int[] place = new int[plan.rows()];
      int[] group = new int[count];
      Arrays.fill(source, plan.rows());
      int slot = 0;
      for (Segment segment : plan.segments) {
        for (int i = 0; i < segment.rows(); i++) {
          int row = plan.orderOfRows[segment.from() + i];
          source[slot * size + i] = row;
          place[row] = slot * size + i;
        }
        int behind = slot + segment.slots(size);
        Arrays.fill(group, slot, behind, segment.group());
        slot = behind;
      }
      sources = Gathers.index(plan.manager, source);
      places = Gathers.index(plan.manager, place);
      groups = Gathers.index(plan.manager, group);
      oneEach = count == plan.groups() && isIdentity(group);
    }
  }
}
