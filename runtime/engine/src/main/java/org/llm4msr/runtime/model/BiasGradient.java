package org.llm4msr.runtime.model;

import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.nio.FloatBuffer;
import java.util.List;
import org.llm4msr.runtime.engine.Mkl;
import org.llm4msr.runtime.kernels.RowChunks.Piece;

/**
 * The gradient of biases: the sums over the rows of each group. Where a group's rows lie in several
 * chunks their sums are added in the order of the rows, whichever thread is first.
 */
final class BiasGradient {

  private final FloatBuffer target;
  private final int columns;
  private final List<Piece> parts;

  /** The sums of each part of a group, by the place of its piece. */
  private final FloatBuffer sumsOfParts;

  BiasGradient(Tape tape, GroupArray bias, int columns, List<Piece> pieces) {
    this.columns = columns;
    parts = pieces.stream().filter(piece -> !piece.whole()).toList();
    Shape sums = new Shape(parts.isEmpty() ? 0 : pieces.size(), columns);
    sumsOfParts = Mkl.floats(tape.manager().create(sums, DataType.FLOAT32));
    boolean added = bias.hasGradient(); // Before its place is asked for.
    target = bias.gradient();
    if (!added) {
      target.put(0, new float[target.limit()]);
    }
  }

  /** Adds the sums of a piece, the first numbers of an array. */
  void add(Piece piece, float[] sums) {
    if (piece.whole()) {
      addUp(piece.group(), sums);
    } else {
      sumsOfParts.put(piece.index() * columns, sums, 0, columns);
    }
  }

  /** Completes the gradient after all pieces. */
  void finish() {
    float[] sums = new float[columns];
    for (Piece piece : parts) {
      sumsOfParts.get(piece.index() * columns, sums);
      addUp(piece.group(), sums);
    }
  }

  private void addUp(int group, float[] sums) {
    int at = group * columns;
    for (int j = 0; j < columns; j++) {
      target.put(at + j, target.get(at + j) + sums[j]);
    }
  }
}
