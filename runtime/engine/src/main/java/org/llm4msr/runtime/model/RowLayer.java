package org.llm4msr.runtime.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.internal.Follow;
import org.llm4msr.api.model.Grouping.Segment;
import org.llm4msr.runtime.engine.Mkl;
import org.llm4msr.runtime.kernels.Epilogue;
import org.llm4msr.runtime.kernels.FloatMemory;
import org.llm4msr.runtime.kernels.FloatProducts;
import org.llm4msr.runtime.kernels.HalfProducts;
import org.llm4msr.runtime.kernels.LayerProducts;
import org.llm4msr.runtime.kernels.LayerProducts.Tile;
import org.llm4msr.runtime.kernels.ProductSizes;
import org.llm4msr.runtime.kernels.RowChunks;
import org.llm4msr.runtime.kernels.RowChunks.Piece;

/**
 * A layer over rows, whose weights are those of the row's group: {@code activation(x W + b)} with
 * dropout. Chunks of rows are multiplied and finished while they are in a core's cache, one thread
 * a chunk.
 */
final class RowLayer {

  /** Into how many tasks a thread's share of the weights' gradient is cut. */
  private static final int TASKS = 2;

  /** Numbers that a core's cache holds. */
  private static final int CACHE = 1 << 20;

  /** Rows of a chunk below which it costs more to read large weights than to multiply by them. */
  private static final int LEAST_ROWS = 64;

  /** Numbers of weights that are large beside few rows. */
  private static final int MANY_WEIGHTS = 1 << 15;

  /** Columns of weights below which a product is not cut. */
  private static final int LEAST_COLUMNS = 64;

  private final Tape tape;
  private final List<Segment> segments;
  private final int groups;
  private final ProductSizes sizes;
  private final Follow follow;
  private final @Nullable FloatBuffer mask;
  private final GroupArray weight;
  private final @Nullable GroupArray bias;
  private final Tape.Leaf x;
  private final NDArray y;
  private final LayerProducts products;

  /**
   * Whether each chunk would have to fetch a group's weights anew: then all rows are multiplied at
   * once.
   */
  private final boolean large;

  private final RowChunks chunks;

  RowLayer(
      Tape tape,
      List<Segment> segments,
      int groups,
      ProductSizes sizes,
      Follow follow,
      NDArray x,
      GroupArray weight,
      @Nullable GroupArray bias) {
    this.tape = tape;
    this.segments = segments;
    this.groups = groups;
    this.sizes = sizes;
    this.follow = follow;
    this.x = tape.take(x);
    this.weight = weight;
    this.bias = bias;
    int rows = segments.isEmpty() ? 0 : segments.get(segments.size() - 1).to();
    mask =
        follow.masks() == null
            ? null
            : Mkl.floats(follow.masks().apply(new Shape(rows, sizes.rowOut())));
    y = tape.manager().create(new Shape(rows, sizes.rowOut()), DataType.FLOAT32);
    products = products(rows);
    chunks = new RowChunks(segments, sizes.rowIn() + sizes.rowOut(), tape.workers());
    long weights = (long) sizes.each() * sizes.in() * sizes.out();
    large = weights > (chunks.rows() < LEAST_ROWS ? MANY_WEIGHTS : CACHE);
  }

  private LayerProducts products(int rows) {
    return switch (tape.precision()) {
      case FLOAT32 -> new FloatProducts(sizes, x.values().address(), weight.values().address());
      case BFLOAT16 ->
          new HalfProducts(
              tape.manager(), tape.workers(), sizes, rows, x.values(), weight.values());
    };
  }

  private interface Chunk {
    void of(List<Piece> pieces, Epilogue epilogue);
  }

  private Epilogue epilogue() {
    return new Epilogue(follow.activation(), mask, sizes.rowOut());
  }

  private void chunks(Chunk chunk) {
    chunks.run(pieces -> Mkl.onThisThreadAlone(() -> chunk.of(pieces, epilogue())));
  }

  /**
   * Computes the results, (B, e * m), and records how their gradient goes on.
   *
   * @param behind what runs once the gradient of the weights is complete
   */
  NDArray apply(Runnable behind) {
    forward();
    return tape.give(
        y,
        gradient -> {
          backward(gradient);
          behind.run();
        });
  }

  private void forward() {
    FloatMemory results = FloatMemory.of(y);
    FloatBuffer biases = bias == null ? null : bias.values().numbers();
    if (large) {
      products.multiply(wholeSegments(), results);
    }
    chunks(
        (pieces, epilogue) -> {
          if (!large) {
            products.multiply(pieces, results);
          }
          for (Piece piece : pieces) {
            int at = piece.group() * sizes.rowOut();
            epilogue.forward(results.numbers(), piece.from(), piece.to(), biases, at);
          }
        });
  }

  /**
   * Adds the gradients of what the layer took.
   *
   * @param gradient of the results; overwritten
   */
  private void backward(NDArray gradient) {
    FloatMemory dy = FloatMemory.of(gradient);
    FloatMemory results = FloatMemory.of(y);
    float beta = beta(x.hasGradient()); // Before its place is asked for.
    FloatMemory dx = x.isWanted() ? FloatMemory.of(x.gradient()) : null;
    BiasGradient ofBias =
        bias == null ? null : new BiasGradient(tape, bias, sizes.rowOut(), chunks.pieces());
    chunks(
        (pieces, epilogue) -> {
          for (Piece piece : pieces) {
            if (ofBias == null) {
              epilogue.backward(results, dy, piece.from(), piece.to());
            } else {
              ofBias.add(piece, epilogue.backwardAndSum(results, dy, piece.from(), piece.to()));
            }
          }
          products.take(pieces, dy);
          if (dx != null && !large) {
            products.multiplyTransposed(pieces, dy, dx, beta);
          }
        });
    if (dx != null && large) {
      products.multiplyTransposed(wholeSegments(), dy, dx, beta);
    }
    if (ofBias != null) {
      ofBias.finish();
    }
    toWeights(dy);
  }

  private List<Piece> wholeSegments() {
    return segments.stream()
        .map(rows -> new Piece(0, rows.group(), rows.from(), rows.to(), true))
        .toList();
  }

  private static float beta(boolean added) {
    return added ? 1 : 0;
  }

  private void toWeights(FloatMemory dy) {
    float beta = beta(weight.hasGradient());
    long dw = Mkl.address(weight.gradient());
    List<Tile> tiles = tiles();
    int grain = Math.max(1, tiles.size() / (TASKS * tape.workers().threads()));
    tape.workers()
        .range(
            tiles.size(),
            grain,
            (worker, from, to) ->
                Mkl.onThisThreadAlone(
                    () -> products.toWeights(tiles.subList(from, to), dy, dw, beta)));
  }

  /** Groups without rows have tiles of no rows, which become zeros. */
  private List<Tile> tiles() {
    int matrices = groups * sizes.each();
    int cuts = Math.max(1, TASKS * tape.workers().threads() / matrices);
    int columns = Math.max(LEAST_COLUMNS, (sizes.out() + cuts - 1) / cuts);
    List<Tile> tiles = new ArrayList<>(matrices);
    int next = 0;
    for (int group = 0; group < groups; group++) {
      Segment segment = at(next, group);
      next += segment.rows() > 0 ? 1 : 0;
      for (int part = 0; part < sizes.each(); part++) {
        for (int from = 0; from < sizes.out(); from += columns) {
          tiles.add(new Tile(segment, part, from, Math.min(from + columns, sizes.out())));
        }
      }
    }
    return tiles;
  }

  /** Returns the rows of a group; none if the next segment is that of another group. */
  private Segment at(int next, int group) {
    return next < segments.size() && segments.get(next).group() == group
        ? segments.get(next)
        : new Segment(group, 0, 0);
  }
}
