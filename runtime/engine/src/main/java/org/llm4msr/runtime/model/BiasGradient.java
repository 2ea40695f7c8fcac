package org.llm4msr.runtime.model;

import java.nio.FloatBuffer;
import java.util.List;
import org.llm4msr.runtime.kernels.RowChunks.Piece;

/**
 * The gradient of biases: the sums over the rows of each group. Where a group's rows lie in several
 * chunks their sums are added in the order of the rows, whichever thread is first.
 */
final class BiasGradient {

  private final FloatBuffer target;
  private final int columns;
  private final List<Piece> pieces;

  /** The sums of pieces that are not whole. */
  private final float[][] parts;

  BiasGradient(GroupArray bias, int columns, List<Piece> pieces) {
    this.columns = columns;
    this.pieces = pieces;
    parts = new float[pieces.size()][];
    boolean added = bias.hasGradient(); // Before its place is asked for.
    target = bias.gradient();
    if (!added) {
      target.put(0, new float[target.limit()]);
    }
  }

  /** Adds the sums of a piece, which it takes over. */
  void add(Piece piece, float[] sums) {
    if (piece.whole()) {
      add(piece.group(), sums);
    } else {
      parts[piece.index()] = sums;
    }
  }

  /** Completes the gradient after all pieces. */
  void finish() {
    for (Piece piece : pieces) {
      if (!piece.whole()) {
        add(piece.group(), parts[piece.index()]);
      }
    }
  }

  private void add(int group, float[] sums) {
    int at = group * columns;
    for (int j = 0; j < columns; j++) {
      target.put(at + j, target.get(at + j) + sums[j]);
    }
  }
}
