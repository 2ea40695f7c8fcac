package org.llm4msr.api.internal;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.util.List;
import org.llm4msr.api.Stability;
import org.llm4msr.api.model.Parameter;

/**
 * The rows of a batch in a few blocks, so that one batched product multiplies all groups of a block
 * by their matrices and no matrix is copied for every row. A group lies in one block; a block has g
 * groups with R places each. A place without a row holds a copy of another row; its results are not
 * used. All operations carry gradients and work on every engine.
 */
@Stability(level = Stability.Level.INTERNAL, since = "0.1")
public interface RowBlocks {

  /** Returns the blocks. */
  List<Block> blocks();

  /** Lays out rows: (B, ...) to (g, R, ...) each. */
  NDList ofRows(NDArray x);

  /** Undoes {@link #ofRows}: (g, R, ...) each to (B, ...). */
  NDArray toRows(NDList blocks);

  /** Returns the values of each block's groups: (G, ...) to (g, ...) each. */
  NDList ofGroups(NDArray perGroup);

  /**
   * Returns the values of a parameter for each block's groups, as separate arrays where possible,
   * so that the gradients of blocks need not be joined: (G, ...) to (g, ...) each.
   */
  default NDList ofGroups(Parameter perGroup) {
    return ofGroups(perGroup.array());
  }

  /**
   * Undoes {@link #ofGroups(NDArray)}: (g, ...) each to (G, ...), with arbitrary values for groups
   * without rows.
   */
  NDArray toGroups(NDList perBlock);

  /**
   * Returns the matrices whose products with the rows are means over the rows of a group: (g, 1, R)
   * each, 1 / rows at places with a row and 0 elsewhere.
   */
  NDList shares();

  /**
   * One block.
   *
   * @param rows the number of rows of each of its groups, which may be 0
   * @param places R
   */
  record Block(List<Integer> rows, int places) {

    /** Makes an immutable block. */
    public Block {
      rows = List.copyOf(rows);
    }

    /** Returns whether the block holds one group and has no free place. */
    public boolean isWhole() {
      return rows.size() == 1 && rows.get(0) == places;
    }
  }
}
