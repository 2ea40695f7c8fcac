package org.llm4msr.runtime.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.internal.RowBlocks;
import org.llm4msr.api.model.Parameter;

/** The blocks of one batch: where each row and each group lies. */
final class BlockPlan implements RowBlocks {

  private final NDManager manager;
  private final List<BlockLayout.Range> ranges;
  private final List<Block> blocks = new ArrayList<>();

  /** The row at each place of all blocks, or null where rows lie as in the batch. */
  private final @Nullable NDArray sources;

  /** The place of each row. */
  private final @Nullable NDArray places;

  /** The group at each place of a group, or null where groups lie by rank. */
  private final @Nullable NDArray groups;

  /** The place of each group, 0 for those without. */
  private final @Nullable NDArray groupPlaces;

  private final boolean inPieces;

  private @Nullable NDList shares;

  /**
   * Makes a plan.
   *
   * @param starts where the ordered rows of each group begin, and the end of the last
   * @param orderOfRows the row of the batch at each ordered place
   * @param inPieces whether parameters are handed out as arrays of their own
   */
  BlockPlan(NDManager manager, int[] starts, int[] orderOfRows, boolean inPieces) {
    this.manager = manager;
    this.inPieces = inPieces;
    int[] rows = new int[starts.length - 1];
    for (int g = 0; g < rows.length; g++) {
      rows[g] = starts[g + 1] - starts[g];
    }
    BlockLayout layout = BlockLayout.of(rows);
    int[] order = layout.order();
    ranges = layout.ranges();
    int[] source = new int[ranges.stream().mapToInt(r -> (r.to() - r.from()) * r.places()).sum()];
    int[] place = new int[orderOfRows.length];
    int at = 0;
    for (BlockLayout.Range range : ranges) {
      List<Integer> counts = new ArrayList<>();
      for (int i = range.from(); i < range.to(); i++) {
        int count = rows[order[i]];
        counts.add(count);
        for (int j = 0; j < range.places(); j++) {
          // Free places repeat a row of the group, whose values are usual for its layers.
          int row = orderOfRows[count == 0 ? 0 : starts[order[i]] + Math.min(j, count - 1)];
          source[at + j] = row;
          if (j < count) {
            place[row] = at + j;
          }
        }
        at += range.places();
      }
      blocks.add(new Block(counts, range.places()));
    }
    boolean asInBatch = source.length == place.length && GroupingPlan.isIdentity(source);
    sources = asInBatch ? null : Gathers.index(manager, source);
    places = asInBatch ? null : Gathers.index(manager, place);
    boolean byRank = order.length == rows.length && GroupingPlan.isIdentity(order);
    groups = byRank ? null : Gathers.index(manager, order);
    groupPlaces = byRank ? null : Gathers.index(manager, inverse(order, rows.length));
  }

  private static int[] inverse(int[] order, int size) {
    int[] inverse = new int[size];
    for (int i = 0; i < order.length; i++) {
      inverse[order[i]] = i;
    }
    return inverse;
  }

  @Override
  public List<Block> blocks() {
    return List.copyOf(blocks);
  }

  @Override
  public NDList ofRows(NDArray x) {
    NDArray rows = sources == null ? x : Gathers.rows(x, sources);
    long[] cuts = new long[ranges.size() - 1];
    for (int i = 0; i < cuts.length; i++) {
      cuts[i] = (i == 0 ? 0 : cuts[i - 1]) + size(i);
    }
    NDList pieces = split(rows, cuts);
    NDList shaped = new NDList(pieces.size());
    for (int i = 0; i < pieces.size(); i++) {
      Block block = blocks.get(i);
      Shape lead = new Shape(block.rows().size(), block.places());
      shaped.add(pieces.get(i).reshape(lead.addAll(x.getShape().slice(1))));
    }
    return shaped;
  }

  @Override
  public NDArray toRows(NDList inBlocks) {
    NDList flat = new NDList(inBlocks.size());
    for (int i = 0; i < inBlocks.size(); i++) {
      NDArray block = inBlocks.get(i);
      flat.add(block.reshape(new Shape(size(i)).addAll(block.getShape().slice(2))));
    }
    NDArray all = join(flat);
    return places == null ? all : Gathers.rows(all, places);
  }

  @Override
  public NDList ofGroups(NDArray perGroup) {
    NDArray inOrder = groups == null ? perGroup : Gathers.rows(perGroup, groups);
    return split(inOrder, ranges.stream().skip(1).mapToLong(BlockLayout.Range::from).toArray());
  }

  @Override
  public NDList ofGroups(Parameter perGroup) {
    if (inPieces && groups == null && ranges.size() > 1 && perGroup instanceof ParameterArray all) {
      return all.pieces(ranges.stream().map(BlockLayout.Range::from).toList())
          .orElseGet(() -> ofGroups(all.array()));
    }
    return ofGroups(perGroup.array());
  }

  @Override
  public NDArray toGroups(NDList perBlock) {
    NDArray inOrder = join(perBlock);
    return groupPlaces == null ? inOrder : Gathers.rows(inOrder, groupPlaces);
  }

  @Override
  public NDList shares() {
    if (shares == null) {
      shares = new NDList(blocks.stream().map(this::shares).toList());
    }
    return shares;
  }

  private NDArray shares(Block block) {
    float[] values = new float[block.rows().size() * block.places()];
    for (int g = 0; g < block.rows().size(); g++) {
      int rows = block.rows().get(g);
      Arrays.fill(values, g * block.places(), g * block.places() + rows, 1f / rows);
    }
    NDArray array = manager.create(values, new Shape(block.rows().size(), 1, block.places()));
    NDScope.unregister(array); // Later scopes of the batch use it too.
    return array;
  }

  private long size(int block) {
    return (long) blocks.get(block).rows().size() * blocks.get(block).places();
  }

  private static NDList split(NDArray x, long[] cuts) {
    return cuts.length == 0 ? new NDList(x) : x.split(cuts, 0);
  }

  private static NDArray join(NDList pieces) {
    return pieces.size() == 1 ? pieces.get(0) : NDArrays.concat(pieces, 0);
  }
}
