package org.llm4msr.runtime.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.internal.ChainedLayer;
import org.llm4msr.api.internal.Follow;
import org.llm4msr.api.model.Grouping.Segment;
import org.llm4msr.runtime.config.Precision;
import org.llm4msr.runtime.engine.Mkl;
import org.llm4msr.runtime.kernels.Epilogue;
import org.llm4msr.runtime.kernels.FloatMemory;
import org.llm4msr.runtime.kernels.FloatProducts;
import org.llm4msr.runtime.kernels.HalfProducts;
import org.llm4msr.runtime.kernels.LayerProducts;
import org.llm4msr.runtime.kernels.LayerProducts.Tile;
import org.llm4msr.runtime.kernels.ProductSizes;
import org.llm4msr.runtime.kernels.RowChunks.Piece;
import org.llm4msr.runtime.kernels.Shapes;

/**
 * A layer over rows, whose weights are those of the row's group: {@code activation(x W + b + plus)}
 * with dropout. What is done with pieces of the rows is for one thread.
 */
final class RowLayer {

  /** Into how many tasks a thread's share of the weights is cut. */
  private static final int TASKS = 2;

  /** Columns of weights below which a product is not cut. */
  static final int LEAST_COLUMNS = 64;

  /** Rows of weights that a task has at least, where the product that is their gradient is cut. */
  private static final int LEAST_ROWS = 48;

  /** Rows or columns of weights below which rounding costs more than smaller numbers save. */
  static final int LEAST_HALF = 64;

  /** The arrays of a layer, and what follows its product. */
  record Parts(
      ProductSizes sizes,
      GroupArray weight,
      @Nullable GroupArray bias,
      GroupArray.@Nullable OfPass plus,
      Follow follow) {

    /**
     * Takes a layer's arrays.
     *
     * @param sizesOf returns those of weights of a shape
     */
    static Parts of(Tape tape, ChainedLayer layer, Function<Shape, ProductSizes> sizesOf) {
      GroupArray weight = GroupArray.of(tape, layer.weight());
      GroupArray bias = layer.bias() == null ? null : GroupArray.of(tape, layer.bias());
      GroupArray.OfPass plus = layer.plus() == null ? null : GroupArray.of(tape, layer.plus());
      return new Parts(sizesOf.apply(weight.shape()), weight, bias, plus, layer.follow());
    }

    /** Returns whether its weights or biases are the array of a leaf. */
    boolean areOf(Tape.Leaf leaf) {
      return Stream.of(weight, bias)
          .anyMatch(array -> array instanceof GroupArray.OfPass own && own.leaf() == leaf);
    }

    Parts withoutFollow() {
      return new Parts(sizes, weight, bias, plus, Follow.NOTHING);
    }
  }

  /**
   * Where the gradient of weights or biases goes.
   *
   * @param beta 1 where it is added, else 0
   */
  record Gradient(long address, float beta) {

    static Gradient of(GroupArray array) {
      float beta = array.hasGradient() ? 1 : 0; // Before its place is asked for.
      return new Gradient(Mkl.address(array.gradient()), beta);
    }
  }

  private final Tape tape;
  private final Parts parts;
  private final ProductSizes sizes;
  private final @Nullable FloatBuffer plus;
  private final @Nullable FloatBuffer mask;
  private final NDArray y;
  private final FloatMemory results;
  private final @Nullable FloatBuffer biases;
  private final LayerProducts products;

  /**
   * Makes a layer.
   *
   * @param rows B
   * @param x (B, e * n)
   */
  RowLayer(Tape tape, Parts parts, int rows, FloatMemory x) {
    this.tape = tape;
    this.parts = parts;
    sizes = parts.sizes();
    Shape shape = new Shape(rows, sizes.rowOut());
    Follow follow = parts.follow();
    plus = parts.plus() == null ? null : added(parts.plus(), shape);
    mask = follow.masks() == null ? null : Mkl.floats(follow.masks().apply(shape));
    y = tape.manager().create(shape, DataType.FLOAT32);
    results = FloatMemory.of(y);
    biases = parts.bias() == null ? null : parts.bias().values().numbers();
    GroupArray weight = parts.weight();
    products =
        isHalf()
            ? new HalfProducts(tape.manager(), sizes, rows, x, weight.halves(tape))
            : new FloatProducts(sizes, x.address(), weight.values().address());
  }

  private static FloatBuffer added(GroupArray plus, Shape shape) {
    Shapes.require("rows to add", plus.shape(), shape);
    return plus.values().numbers();
  }

  private boolean isHalf() {
    return tape.precision() == Precision.BFLOAT16
        && Math.min(sizes.in(), sizes.out()) >= LEAST_HALF;
  }

  /** Returns the results: (B, e * m). */
  NDArray y() {
    return y;
  }

  FloatMemory results() {
    return results;
  }

  /** Takes rows over, before what reads them. */
  void takeRows(int from, int to) {
    products.takeRows(from, to);
  }

  void multiply(List<Piece> pieces) {
    pieces.forEach(piece -> takeRows(piece.from(), piece.to()));
    products.multiply(pieces, results);
  }

  /** Adds biases and other rows to the products and does what follows. */
  void finish(List<Piece> pieces) {
    Epilogue epilogue = epilogue();
    for (Piece piece : pieces) {
      int at = piece.group() * sizes.rowOut();
      epilogue.forward(results.numbers(), piece.from(), piece.to(), biases, at);
    }
  }

  private Epilogue epilogue() {
    return epilogue(0, sizes.rowOut());
  }

  private Epilogue epilogue(int first, int columns) {
    return new Epilogue(plus, parts.follow().activation(), mask, sizes.rowOut(), first, columns);
  }

  /** Multiplies the rows of a group, which are taken over, by a tile, and does what follows. */
  void forward(Tile tile) {
    Segment rows = tile.rows();
    if (biases != null) {
      int bias = rows.group() * sizes.rowOut() + column(tile);
      for (int row = rows.from(); row < rows.to(); row++) {
        int at = row * sizes.rowOut() + column(tile);
        results.numbers().put(at, biases, bias, tile.columns());
      }
    }
    products.multiply(tile, results, biases == null ? 0 : 1);
    epilogue(tile).forward(results.numbers(), rows.from(), rows.to(), null, 0);
  }

  private int column(Tile tile) {
    return tile.part() * sizes.out() + tile.from();
  }

  private Epilogue epilogue(Tile tile) {
    return epilogue(column(tile), tile.columns());
  }

  /** Turns the gradient of the results of a tile, in place, into that of their products. */
  void backward(Tile tile, FloatMemory dy) {
    Segment rows = tile.rows();
    epilogue(tile).backward(results, dy, rows.from(), rows.to());
    products.takeGradients(tile, dy);
  }

  /**
   * Sums up the columns of a tile.
   *
   * @param dy the gradient of the products
   * @param ones at least as many as the group has rows
   */
  void toBiases(Tile tile, FloatMemory dy, long ones, Gradient db) {
    Segment rows = tile.rows();
    int group = rows.group();
    long at = (long) group * sizes.rowOut() + column(tile);
    Mkl.Call call = new Mkl.Call(1, 1);
    call.group(
        false,
        false,
        1,
        tile.columns(),
        rows.rows(),
        Math.max(1, rows.rows()),
        sizes.rowOut(),
        tile.columns(),
        db.beta);
    call.product(
        ones, sizes.result(tile, dy.address(), Float.BYTES), db.address + at * Float.BYTES);
    call.run();
  }

  /** Returns where the gradient of the biases is added up; null without biases. */
  @Nullable BiasGradient biasGradient(List<Piece> pieces) {
    GroupArray bias = parts.bias();
    return bias == null ? null : new BiasGradient(bias, sizes.rowOut(), pieces);
  }

  /** Turns the gradient of results, in place, into that of their products. */
  void backward(List<Piece> pieces, FloatMemory dy, @Nullable BiasGradient ofBias) {
    Epilogue epilogue = epilogue();
    for (Piece piece : pieces) {
      if (ofBias == null) {
        epilogue.backward(results, dy, piece.from(), piece.to());
      } else {
        ofBias.add(piece, epilogue.backwardAndSum(results, dy, piece.from(), piece.to()));
      }
    }
    products.takeGradients(pieces, dy);
  }

  /** Prepares {@link #multiplyTransposed}. */
  void prepareTransposed(int groups) {
    products.prepareTransposed(tape.manager(), tape.workers(), groups, (int) y.getShape().get(0));
  }

  void endTransposed() {
    products.endTransposed();
  }

  void multiplyTransposed(List<Piece> pieces, FloatMemory dy, FloatMemory dx, float beta) {
    products.multiplyTransposed(pieces, dy, dx, beta);
  }

  void multiplyTransposed(Tile tile, FloatMemory dy, FloatMemory dx, float beta) {
    products.multiplyTransposed(tile, dy, dx, beta);
  }

  /**
   * Returns the tasks that compute the gradient of the weights, each for one thread; groups without
   * rows get zeros. Weights of few tiles are cut by rows, too.
   *
   * @param dy the gradient of the products
   */
  List<Runnable> toWeights(List<Segment> segments, int groups, FloatMemory dy) {
    Gradient dw = Gradient.of(parts.weight());
    List<Tile> tiles = tiles(segments, groups);
    int tasksWanted = TASKS * tape.workers().threads();
    int grain = Math.max(1, tiles.size() / tasksWanted);
    int wantedOfTile = (tasksWanted + tiles.size() - 1) / tiles.size();
    int cuts = Math.max(1, Math.min(sizes.in() / LEAST_ROWS, wantedOfTile));
    int rows = (sizes.in() + cuts - 1) / cuts;
    List<Runnable> tasks = new ArrayList<>();
    for (int tile = 0; tile < tiles.size(); tile += grain) {
      List<Tile> share = tiles.subList(tile, Math.min(tile + grain, tiles.size()));
      for (int row = 0; row < sizes.in(); row += rows) {
        int from = row;
        int to = Math.min(from + rows, sizes.in());
        tasks.add(() -> products.toWeights(share, from, to, dy, dw.address, dw.beta));
      }
    }
    return tasks;
  }

  void toWeights(Tile tile, FloatMemory dy, Gradient dw) {
    products.toWeights(List.of(tile), 0, sizes.in(), dy, dw.address, dw.beta);
  }

  /**
   * Ends the backward pass of the layer.
   *
   * @param dy the gradient of the products, which nothing else reads any more: that of the rows
   *     that were added, which keep it
   */
  void end(NDArray dy) {
    if (parts.plus() != null) {
      parts.plus().leaf().add(dy);
    }
    parts.weight().end(tape);
    if (parts.bias() != null) {
      parts.bias().end(tape);
    }
  }

  /** Cuts the weights of all groups into as many tiles as let all threads finish together. */
  List<Tile> tiles(List<Segment> segments, int groups) {
    int matrices = groups * sizes.each();
    int cuts = Math.max(1, TASKS * tape.workers().threads() / matrices);
    int columns = Math.max(LEAST_COLUMNS, (sizes.out() + cuts - 1) / cuts);
    List<Tile> tiles = new ArrayList<>(matrices);
    int next = 0;
    for (int group = 0; group < groups; group++) {
      boolean hasRows = next < segments.size() && segments.get(next).group() == group;
      Segment rows = hasRows ? segments.get(next++) : new Segment(group, 0, 0);
      for (int part = 0; part < sizes.each(); part++) {
        for (int from = 0; from < sizes.out(); from += columns) {
          tiles.add(new Tile(rows, part, from, Math.min(from + columns, sizes.out())));
        }
      }
    }
    return tiles;
  }
}
