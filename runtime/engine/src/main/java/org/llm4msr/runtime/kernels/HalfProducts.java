package org.llm4msr.runtime.kernels;

import ai.djl.ndarray.NDManager;
import java.util.List;
import org.llm4msr.runtime.engine.Mkl;
import org.llm4msr.runtime.kernels.RowChunks.Piece;

/** Products of bfloat16, to which rows, weights and gradients are rounded; sums are float32. */
public final class HalfProducts implements LayerProducts {

  private static final int BYTES = HalfMemory.BYTES;

  private final ProductSizes s;
  private final FloatMemory x;
  private final HalfMemory rows;
  private final HalfMemory weights;
  private final HalfMemory gradients;

  /**
   * Makes the products of a layer.
   *
   * @param count B
   */
  public HalfProducts(
      NDManager manager, ProductSizes sizes, int count, FloatMemory x, HalfMemory weights) {
    s = sizes;
    this.x = x;
    this.weights = weights;
    rows = HalfMemory.of(manager, (long) count * s.rowIn());
    gradients = HalfMemory.of(manager, (long) count * s.rowOut());
  }

  @Override
  public void multiply(List<Piece> pieces, FloatMemory y) {
    for (Piece piece : pieces) {
      rows.put(x.bits(), piece.from() * s.rowIn(), piece.to() * s.rowIn());
      for (int part = 0; part < s.each(); part++) {
        Mkl.multiplyHalves(
            false,
            false,
            piece.rows(),
            s.out(),
            s.in(),
            s.row(rows.address(), piece.from(), part, BYTES),
            s.rowIn(),
            s.matrix(weights.address(), piece.group(), part, BYTES),
            s.out(),
            0,
            s.result(y.address(), piece.from(), part, Float.BYTES),
            s.rowOut());
      }
    }
  }

  @Override
  public void prepareTransposed(NDManager manager, int groups, int rows) {
    // Rounded weights serve both ways.
  }

  @Override
  public void endTransposed() {
    // Nothing was prepared.
  }

  @Override
  public void take(List<Piece> pieces, FloatMemory dy) {
    for (Piece piece : pieces) {
      gradients.put(dy.bits(), piece.from() * s.rowOut(), piece.to() * s.rowOut());
    }
  }

  @Override
  public void multiplyTransposed(List<Piece> pieces, FloatMemory dy, FloatMemory dx, float beta) {
    for (Piece piece : pieces) {
      for (int part = 0; part < s.each(); part++) {
        Mkl.multiplyHalves(
            false,
            true,
            piece.rows(),
            s.in(),
            s.out(),
            s.result(gradients.address(), piece.from(), part, BYTES),
            s.rowOut(),
            s.matrix(weights.address(), piece.group(), part, BYTES),
            s.out(),
            beta,
            s.row(dx.address(), piece.from(), part, Float.BYTES),
            s.rowIn());
      }
    }
  }

  @Override
  public void toWeights(List<Tile> tiles, FloatMemory dy, long dw, float beta) {
    for (Tile tile : tiles) {
      int from = tile.rows().from();
      Mkl.multiplyHalves(
          true,
          false,
          s.in(),
          tile.columns(),
          tile.rows().rows(),
          s.row(rows.address(), from, tile.part(), BYTES),
          s.rowIn(),
          s.result(gradients.address(), from, tile.part(), BYTES) + (long) tile.from() * BYTES,
          s.rowOut(),
          beta,
          s.matrix(dw, tile.rows().group(), tile.part(), Float.BYTES)
              + (long) tile.from() * Float.BYTES,
          s.out());
    }
  }
}
