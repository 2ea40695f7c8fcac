package org.llm4msr.runtime.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.internal.Follow;
import org.llm4msr.api.model.Grouping.Segment;
import org.llm4msr.runtime.engine.Mkl;
import org.llm4msr.runtime.model.RowChunks.Piece;

/**
 * A layer over rows, whose weights are those of the row's group: {@code activation(x W + b)} with
 * dropout. Chunks of rows are multiplied and finished while they are in a core's cache, one thread
 * a chunk.
 */
final class RowLayer {

  /** Into how many tasks a thread's share of the weights' gradient is cut. */
  private static final int TASKS = 2;

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
    chunks = new RowChunks(segments, sizes.rowIn() + sizes.rowOut(), tape.workers());
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
    ByteBuffer memory = Mkl.bytes(y);
    FloatBuffer results = memory.asFloatBuffer();
    FloatBuffer biases = bias == null ? null : bias.values();
    long from = x.address();
    long to = Mkl.address(memory);
    long weights = Mkl.address(weight.values());
    chunks(
        (pieces, epilogue) -> {
          multiply(pieces, from, weights, to);
          for (Piece piece : pieces) {
            int at = piece.group() * sizes.rowOut();
            epilogue.forward(results, piece.from(), piece.to(), biases, at);
          }
        });
  }

  /**
   * Adds the gradients of what the layer took.
   *
   * @param gradient of the results; overwritten
   */
  private void backward(NDArray gradient) {
    ByteBuffer memory = Mkl.bytes(gradient);
    Epilogue.Rows dy = Epilogue.Rows.of(memory);
    Epilogue.Rows results = Epilogue.Rows.of(Mkl.bytes(y));
    long from = Mkl.address(memory);
    long weights = Mkl.address(weight.values());
    float beta = beta(x.hasGradient()); // Before its place is asked for.
    long to = Mkl.address(x.gradient());
    BiasGradient ofBias =
        bias == null ? null : new BiasGradient(bias, sizes.rowOut(), chunks.pieces());
    chunks(
        (pieces, epilogue) -> {
          for (Piece piece : pieces) {
            if (ofBias == null) {
              epilogue.backward(results, dy, piece.from(), piece.to(), null);
            } else {
              float[] sums = new float[sizes.rowOut()];
              epilogue.backward(results, dy, piece.from(), piece.to(), sums);
              ofBias.add(piece, sums);
            }
          }
          multiplyTransposed(pieces, from, weights, to, beta);
        });
    if (ofBias != null) {
      ofBias.finish();
    }
    toWeights(from);
  }

  private static float beta(boolean added) {
    return added ? 1 : 0;
  }

  private void multiply(List<Piece> pieces, long from, long weights, long to) {
    Mkl.Call call = new Mkl.Call(pieces.size(), sizes.each());
    for (Piece piece : pieces) {
      call.group(
          false,
          false,
          piece.rows(),
          sizes.out(),
          sizes.in(),
          sizes.rowIn(),
          sizes.out(),
          sizes.rowOut(),
          0);
      for (int part = 0; part < sizes.each(); part++) {
        call.product(
            sizes.row(from, piece.from()) + sizes.inputOffset(part),
            sizes.matrix(weights, piece.group(), part),
            sizes.result(to, piece.from()) + sizes.outputOffset(part));
      }
    }
    call.run();
  }

  private void multiplyTransposed(
      List<Piece> pieces, long from, long weights, long to, float beta) {
    Mkl.Call call = new Mkl.Call(pieces.size(), sizes.each());
    for (Piece piece : pieces) {
      call.group(
          false,
          true,
          piece.rows(),
          sizes.in(),
          sizes.out(),
          sizes.rowOut(),
          sizes.out(),
          sizes.rowIn(),
          beta);
      for (int part = 0; part < sizes.each(); part++) {
        call.product(
            sizes.result(from, piece.from()) + sizes.outputOffset(part),
            sizes.matrix(weights, piece.group(), part),
            sizes.row(to, piece.from()) + sizes.inputOffset(part));
      }
    }
    call.run();
  }

  /** A part of one group's weights: the columns {@code from} to {@code to - 1} of one matrix. */
  private record Tile(Segment rows, int part, int from, int to) {}

  /** Groups without rows get zeros. */
  private void toWeights(long dy) {
    float beta = beta(weight.hasGradient());
    long to = Mkl.address(weight.gradient());
    long values = x.address();
    List<Tile> tiles = tiles();
    int grain = Math.max(1, tiles.size() / (TASKS * tape.workers().threads()));
    tape.workers()
        .range(
            tiles.size(),
            grain,
            (worker, first, behind) ->
                Mkl.onThisThreadAlone(
                    () -> toWeights(tiles.subList(first, behind), values, dy, to, beta)));
  }

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

  private void toWeights(List<Tile> tiles, long values, long dy, long to, float beta) {
    Mkl.Call call = new Mkl.Call(tiles.size(), 1);
    for (Tile tile : tiles) {
      Segment rows = tile.rows;
      long column = (long) tile.from * Float.BYTES;
      call.group(
              true,
              false,
              sizes.in(),
              tile.to - tile.from,
              rows.rows(),
              sizes.rowIn(),
              sizes.rowOut(),
              sizes.out(),
              beta)
          .product(
              sizes.row(values, rows.from()) + sizes.inputOffset(tile.part),
              sizes.result(dy, rows.from()) + sizes.outputOffset(tile.part) + column,
              sizes.matrix(to, rows.group(), tile.part) + column);
    }
    call.run();
  }

  /** Returns the rows of a group; none if the next segment is that of another group. */
  private Segment at(int next, int group) {
    return next < segments.size() && segments.get(next).group() == group
        ? segments.get(next)
        : new Segment(group, 0, 0);
  }
}
