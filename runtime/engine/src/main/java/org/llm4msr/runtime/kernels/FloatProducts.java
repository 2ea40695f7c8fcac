package org.llm4msr.runtime.kernels;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.engine.AlignedMemory;
import org.llm4msr.runtime.engine.Mkl;
import org.llm4msr.runtime.kernels.RowChunks.Piece;
import org.llm4msr.runtime.tables.Workers;

/** Products in float32. */
public final class FloatProducts implements LayerProducts {

  private static final int BYTES = Float.BYTES;

  /** Rows of a group from which products are faster by so much that weights are transposed. */
  private static final int MANY_ROWS = 512;

  /**
   * Rows of a group from which it pays to transpose a tile of weights, while it is in the cache.
   */
  private static final int SOME_ROWS = 64;

  /** Rows of a piece from which it pays to transpose them, where they are less than the weights. */
  private static final int FEW_ROWS = 16;

  /**
   * Numbers between transposed rows: those at distances of a power of two share few cache lines.
   */
  private static final int GAP = 16;

  /** Rows of weights that are transposed at a time. */
  private static final int TURNED = 64;

  private static final ThreadLocal<FloatMemory> SCRATCH =
      ThreadLocal.withInitial(() -> FloatMemory.of(AlignedMemory.floats(0)));

  private final ProductSizes s;
  private final long x;
  private final long weights;
  private final boolean turns;

  private @Nullable NDArray transposed;

  /**
   * Makes the products of a layer.
   *
   * @param x address of the rows
   * @param weights address of the weights
   */
  public FloatProducts(ProductSizes sizes, long x, long weights) {
    this(sizes, x, weights, Mkl.isSlowTransposed());
  }

  /**
   * Makes the products of a layer.
   *
   * @param turns whether few rows are transposed in place of their weights
   */
  FloatProducts(ProductSizes sizes, long x, long weights, boolean turns) {
    s = sizes;
    this.x = x;
    this.weights = weights;
    this.turns = turns;
  }

  @Override
  public void takeRows(int from, int to) {
    // Products read them where they lie.
  }

  @Override
  public void multiply(List<Piece> pieces, FloatMemory y) {
    Mkl.Call call = new Mkl.Call(pieces.size(), s.each());
    for (Piece piece : pieces) {
      call.group(false, false, piece.rows(), s.out(), s.in(), s.rowIn(), s.out(), s.rowOut(), 0);
      for (int part = 0; part < s.each(); part++) {
        call.product(
            s.row(x, piece.from(), part, BYTES),
            s.matrix(weights, piece.group(), part, BYTES),
            s.result(y.address(), piece.from(), part, BYTES));
      }
    }
    call.run();
  }

  @Override
  public void multiply(Tile tile, FloatMemory y, float beta) {
    int from = tile.rows().from();
    Mkl.Call call = new Mkl.Call(1, 1);
    call.group(
        false,
        false,
        tile.rows().rows(),
        tile.columns(),
        s.in(),
        s.rowIn(),
        s.out(),
        s.rowOut(),
        beta);
    call.product(
        s.row(x, from, tile.part(), BYTES),
        s.weights(tile, weights, BYTES),
        s.result(tile, y.address(), BYTES));
    call.run();
  }

  @Override
  public void prepareTransposed(NDManager manager, Workers workers, int groups, int rows) {
    if (rows < MANY_ROWS * groups) {
      return;
    }
    int matrices = groups * s.each();
    transposed = manager.create(new Shape(matrices, s.out(), s.in()), DataType.FLOAT32);
    long results = Mkl.address(transposed);
    int blocks = matrices * blocksOfMatrix();
    workers.range(
        blocks,
        Math.max(1, blocks / (2 * workers.threads())),
        (worker, from, to) ->
            Mkl.onThisThreadAlone(
                () -> {
                  for (int block = from; block < to; block++) {
                    transpose(block, results);
                  }
                }));
  }

  private int blocksOfMatrix() {
    return (s.in() + TURNED - 1) / TURNED;
  }

  /** Transposes some rows of one matrix. */
  private void transpose(int block, long results) {
    int row = block % blocksOfMatrix() * TURNED;
    int rows = Math.min(TURNED, s.in() - row);
    long matrix = (long) (block / blocksOfMatrix()) * s.in() * s.out();
    long from = weights + (matrix + (long) row * s.out()) * BYTES;
    Mkl.transpose(rows, s.out(), from, s.out(), results + (matrix + row) * BYTES, s.in());
  }

  @Override
  public void endTransposed() {
    if (transposed != null) {
      transposed.close();
      transposed = null;
    }
  }

  @Override
  public void takeGradients(List<Piece> pieces, FloatMemory dy) {
    // Products read them where they lie.
  }

  @Override
  public void takeGradients(Tile tile, FloatMemory dy) {
    // Likewise.
  }

  @Override
  public void multiplyTransposed(List<Piece> pieces, FloatMemory dy, FloatMemory dx, float beta) {
    if (turns && transposed == null && beta == 0 && areFewerThanWeights(pieces)) {
      multiplyTurned(pieces, dy, dx);
      return;
    }
    Mkl.Call call = new Mkl.Call(pieces.size(), s.each());
    boolean turned = transposed != null;
    long matrices = transposed == null ? weights : Mkl.address(transposed);
    int rowOfWeights = turned ? s.in() : s.out();
    for (Piece piece : pieces) {
      call.group(
          false, !turned, piece.rows(), s.in(), s.out(), s.rowOut(), rowOfWeights, s.rowIn(), beta);
      for (int part = 0; part < s.each(); part++) {
        call.product(
            s.result(dy.address(), piece.from(), part, BYTES),
            s.matrix(matrices, piece.group(), part, BYTES),
            s.row(dx.address(), piece.from(), part, BYTES));
      }
    }
    call.run();
  }

  private boolean areFewerThanWeights(List<Piece> pieces) {
    int rows = rows(pieces) / pieces.size();
    return rows >= FEW_ROWS && (long) rows * (s.in() + s.out()) < (long) s.in() * s.out();
  }

  private static int rows(List<Piece> pieces) {
    return pieces.get(pieces.size() - 1).to() - pieces.get(0).from();
  }

  /**
   * Multiplies the weights by the transposed rows, and transposes the results: products with
   * transposed weights take longer.
   */
  private void multiplyTurned(List<Piece> pieces, FloatMemory dy, FloatMemory dx) {
    int first = pieces.get(0).from();
    int rows = rows(pieces);
    int row = rows + GAP;
    long right = scratch(row * (s.in() + s.out())).address();
    long results = right + (long) row * s.out() * BYTES;
    for (int part = 0; part < s.each(); part++) {
      long from = s.result(dy.address(), first, part, BYTES);
      Mkl.transpose(rows, s.out(), from, s.rowOut(), right, row);
      Mkl.Call call = new Mkl.Call(pieces.size(), 1);
      for (Piece piece : pieces) {
        long at = (long) (piece.from() - first) * BYTES;
        call.group(false, false, s.in(), piece.rows(), s.out(), s.out(), row, row, 0);
        call.product(s.matrix(weights, piece.group(), part, BYTES), right + at, results + at);
      }
      call.run();
      long to = s.row(dx.address(), first, part, BYTES);
      Mkl.transpose(s.in(), rows, results, row, to, s.rowIn());
    }
  }

  @Override
  public void multiplyTransposed(Tile tile, FloatMemory dy, FloatMemory dx, float beta) {
    int rows = tile.rows().rows();
    int columns = tile.columns();
    long of = s.weights(tile, weights, BYTES);
    long to = s.row(dx.address(), tile.rows().from(), tile.part(), BYTES);
    if (rows < SOME_ROWS) {
      Mkl.Call call = new Mkl.Call(1, 1);
      call.group(false, true, rows, s.in(), columns, s.rowOut(), s.out(), s.rowIn(), beta);
      call.product(s.result(tile, dy.address(), BYTES), of, to);
      call.run();
      return;
    }
    FloatMemory turned = scratch(Math.min(s.in(), TURNED) * columns);
    for (int from = 0; from < s.in(); from += TURNED) {
      int count = Math.min(TURNED, s.in() - from);
      long matrix = of + (long) from * s.out() * BYTES;
      Mkl.transpose(count, columns, matrix, s.out(), turned.address(), count);
      Mkl.Call call = new Mkl.Call(1, 1);
      call.group(false, false, rows, count, columns, s.rowOut(), count, s.rowIn(), beta);
      call.product(s.result(tile, dy.address(), BYTES), turned.address(), to + (long) from * BYTES);
      call.run();
    }
  }

  private static FloatMemory scratch(int numbers) {
    FloatMemory scratch = SCRATCH.get();
    if (scratch.numbers().limit() < numbers) {
      scratch = FloatMemory.of(AlignedMemory.floats(numbers));
      SCRATCH.set(scratch);
    }
    return scratch;
  }

  @Override
  public void toWeights(List<Tile> tiles, int from, int to, FloatMemory dy, long dw, float beta) {
    Mkl.Call call = new Mkl.Call(tiles.size(), 1);
    for (Tile tile : tiles) {
      int rows = tile.rows().rows();
      call.group(true, false, to - from, tile.columns(), rows, s.rowIn(), s.rowOut(), s.out(), beta)
          .product(
              s.row(x, tile.rows().from(), tile.part(), BYTES) + (long) from * BYTES,
              s.result(tile, dy.address(), BYTES),
              s.weights(tile, from, dw, BYTES));
    }
    call.run();
  }
}
