package org.llm4msr.runtime.model;

import static java.util.Objects.requireNonNull;

import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.kernels.FloatMemory;
import org.llm4msr.runtime.kernels.RowChunks.Piece;

/**
 * The gradient of biases: the sums over the rows of each group. Where a group's rows lie in several
 * chunks their sums are added in the order of the rows, whichever thread is first.
 */
final class BiasGradient {

  private final FloatBuffer target;
  private final int columns;

  /** The sums of each part of a group, by the place of its piece; null for whole groups. */
  private final float[] @Nullable [] sumsOfParts;

  private final List<Piece> pieces;

  BiasGradient(GroupArray bias, int columns, List<Piece> pieces) {
    this.columns = columns;
    this.pieces = pieces;
    sumsOfParts = new float[pieces.size()][];
    boolean added = bias.hasGradient(); // Before its place is asked for.
    target = bias.gradient();
    if (!added) {
      FloatMemory.clear(target);
    }
  }

  /** Adds the sums of a piece, the first numbers of an array. */
  void add(Piece piece, float[] sums) {
    if (piece.whole()) {
      addUp(piece.group(), sums);
    } else {
      sumsOfParts[piece.index()] = Arrays.copyOf(sums, columns);
    }
  }

  /** Completes the gradient after all pieces. */
  void finish() {
    for (Piece piece : pieces) {
      if (!piece.whole()) {
        addUp(piece.group(), requireNonNull(sumsOfParts[piece.index()]));
      }
    }
  }

  private void addUp(int group, float[] sums) {
    int at = group * columns;
    for (int j = 0; j < columns; j++) {
      target.put(at + j, target.get(at + j) + sums[j]);
    }
  }
}
