package org.llm4msr.runtime.kernels;

import ai.djl.ndarray.NDManager;
import java.util.List;
import org.llm4msr.runtime.engine.Mkl;
import org.llm4msr.runtime.kernels.RowChunks.Piece;
import org.llm4msr.runtime.tables.Workers;

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
  public void takeRows(int from, int to) {
    rows.put(x.bits(), from * s.rowIn(), to * s.rowIn());
  }

  @Override
  public void multiply(List<Piece> pieces, FloatMemory y) {
    for (Piece piece : pieces) {
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
  public void multiply(Tile tile, FloatMemory y, float beta) {
    Mkl.multiplyHalves(
        false,
        false,
        tile.rows().rows(),
        tile.columns(),
        s.in(),
        s.row(rows.address(), tile.rows().from(), tile.part(), BYTES),
        s.rowIn(),
        s.weights(tile, weights.address(), BYTES),
        s.out(),
        beta,
        s.result(tile, y.address(), Float.BYTES),
        s.rowOut());
  }

  @Override
  public void prepareTransposed(NDManager manager, Workers workers, int groups, int rows) {
    // Rounded weights serve both ways.
  }

  @Override
  public void endTransposed() {
    // Nothing was prepared.
  }

  @Override
  public void takeGradients(List<Piece> pieces, FloatMemory dy) {
    for (Piece piece : pieces) {
      gradients.put(dy.bits(), piece.from() * s.rowOut(), piece.to() * s.rowOut());
    }
  }

  @Override
  public void takeGradients(Tile tile, FloatMemory dy) {
    for (int row = tile.rows().from(); row < tile.rows().to(); row++) {
      int from = row * s.rowOut() + tile.part() * s.out();
      gradients.put(dy.bits(), from + tile.from(), from + tile.to());
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
  public void multiplyTransposed(Tile tile, FloatMemory dy, FloatMemory dx, float beta) {
    Mkl.multiplyHalves(
        false,
        true,
        tile.rows().rows(),
        s.in(),
        tile.columns(),
        s.result(tile, gradients.address(), BYTES),
        s.rowOut(),
        s.weights(tile, weights.address(), BYTES),
        s.out(),
        beta,
        s.row(dx.address(), tile.rows().from(), tile.part(), Float.BYTES),
        s.rowIn());
  }

  @Override
  public void toWeights(List<Tile> tiles, int from, int to, FloatMemory dy, long dw, float beta) {
    for (Tile tile : tiles) {
      Mkl.multiplyHalves(
          true,
          false,
          to - from,
          tile.columns(),
          tile.rows().rows(),
          s.row(rows.address(), tile.rows().from(), tile.part(), BYTES) + (long) from * BYTES,
          s.rowIn(),
          s.result(tile, gradients.address(), BYTES),
          s.rowOut(),
          beta,
          s.weights(tile, from, dw, Float.BYTES),
          s.out());
    }
  }
}
