package org.llm4msr.runtime.kernels;

import ai.djl.ndarray.NDManager;
import java.util.List;
import org.llm4msr.api.model.Grouping.Segment;
import org.llm4msr.runtime.kernels.RowChunks.Piece;
import org.llm4msr.runtime.tables.Workers;

/**
 * The products of one layer, each call but {@link #prepareTransposed} by one thread. Rows and
 * results are float32.
 */
public interface LayerProducts {

  /** A part of one group's weights: the columns {@code from} to {@code to - 1} of one matrix. */
  record Tile(Segment rows, int part, int from, int to) {

    public int columns() {
      return to - from;
    }
  }

  /** Takes rows over; before the products with them. */
  void takeRows(int from, int to);

  /** Multiplies rows by the matrices of their groups. */
  void multiply(List<Piece> pieces, FloatMemory y);

  /**
   * Multiplies the rows of a group by a tile of its weights.
   *
   * @param beta 1 to add to what lies there, otherwise 0
   */
  void multiply(Tile tile, FloatMemory y, float beta);

  /**
   * Prepares {@link #multiplyTransposed}, once for all calls before {@link #endTransposed}.
   *
   * @param manager makes what is needed
   * @param workers share the work
   * @param groups G
   * @param rows of all groups
   */
  void prepareTransposed(NDManager manager, Workers workers, int groups, int rows);

  /** Frees what was prepared. */
  void endTransposed();

  /** Takes the gradients of results over; before the products with them. */
  void takeGradients(List<Piece> pieces, FloatMemory dy);

  /** Takes those of a tile over. */
  void takeGradients(Tile tile, FloatMemory dy);

  /**
   * Multiplies the gradients of results by the transposed matrices.
   *
   * @param beta 1 to add to what lies there, otherwise 0
   */
  void multiplyTransposed(List<Piece> pieces, FloatMemory dy, FloatMemory dx, float beta);

  /** Multiplies the gradients of a tile by its transposed weights. */
  void multiplyTransposed(Tile tile, FloatMemory dy, FloatMemory dx, float beta);

  /**
   * Multiplies rows by the gradients of their results, over the rows of each group; after {@link
   * #takeGradients} of all rows.
   *
   * @param from the first row of each tile's weights whose gradient is written
   * @param to behind the last
   */
  void toWeights(List<Tile> tiles, int from, int to, FloatMemory dy, long dw, float beta);
}
