package org.llm4msr.runtime.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.llm4msr.api.model.Grouping.Segment;
import org.llm4msr.runtime.engine.Mkl;
import org.llm4msr.runtime.kernels.FloatMemory;
import org.llm4msr.runtime.kernels.LayerProducts.Tile;
import org.llm4msr.runtime.kernels.ProductSizes;
import org.llm4msr.runtime.model.RowLayer.Gradient;

/**
 * A layer over rows that are few beside its weights. Some columns of the results of all rows of a
 * group are in a core's cache for all that is done with them, and each weight is fetched once, by
 * one thread.
 */
final class WideLayer {

  /** Numbers of results that a core's cache holds beside the weights that they come from. */
  private static final int NUMBERS = 1 << 17;

  /** Columns beyond which a tile's weights would not stay in the cache either. */
  private static final int MOST_COLUMNS = 1 << 11;

  /** Numbers of weights below which the threads had too little to do. */
  private static final int MANY_WEIGHTS = 1 << 15;

  /** How much more the other way must fetch: its products are larger. */
  private static final int GAIN = 4;

  private final Tape tape;
  private final List<Segment> segments;
  private final int groups;
  private final Tape.Leaf x;
  private final RowLayer.Parts parts;
  private final RowLayer layer;

  WideLayer(Tape tape, List<Segment> segments, int groups, NDArray x, RowLayer.Parts parts) {
    this.tape = tape;
    this.segments = segments;
    this.groups = groups;
    this.parts = parts;
    this.x = tape.take(x);
    int rows = (int) x.getShape().get(0);
    layer = new RowLayer(tape, parts, rows, this.x.values());
  }

  /**
   * Returns whether it is faster than {@link RowLayers}, which fetch all weights for each chunk of
   * rows, where this fetches all rows for each tile of columns.
   *
   * @param rows of all groups
   * @param rowsOfChunk of a chunk
   */
  static boolean pays(RowLayer.Parts parts, int rows, int groups, int rowsOfChunk, int threads) {
    ProductSizes sizes = parts.sizes();
    int rowsOfGroup = (rows + groups - 1) / groups;
    int columns = columnsOfTile(rowsOfGroup);
    int chunks = (rowsOfGroup + rowsOfChunk - 1) / rowsOfChunk;
    int tiles = (sizes.out() + columns - 1) / columns;
    long tasks = (long) groups * sizes.each() * (sizes.out() / RowLayer.LEAST_COLUMNS);
    if (chunks < 2 || parts.weights() < MANY_WEIGHTS || tasks < threads) {
      return false;
    }
    long byChunks = parts.weights() * chunks;
    long byTiles = (long) rowsOfGroup * sizes.rowIn() * tiles;
    return byChunks > GAIN * byTiles;
  }

  private static int columnsOfTile(int rows) {
    int least = RowLayer.LEAST_COLUMNS;
    int columns = Math.min(MOST_COLUMNS, NUMBERS / Math.max(1, rows));
    return Math.max(least, columns / least * least);
  }

  /**
   * Passes the rows through the layer, and records how the gradient goes on.
   *
   * @param behind what runs once the gradient of the weights is complete
   * @return (B, m)
   */
  NDArray apply(Runnable behind) {
    forward();
    return tape.give(
        layer.y(),
        gradient -> {
          backward(gradient);
          behind.run();
        });
  }

  private void forward() {
    layer.takeRows(0, (int) layer.y().getShape().get(0));
    each(
        layer.tiles(segments, groups),
        range -> tiles(range).stream().filter(WideLayer::hasRows).forEach(layer::forward));
  }

  private void each(List<Tile> ranges, Consumer<Tile> task) {
    tape.workers()
        .range(
            ranges.size(),
            1,
            (worker, from, to) -> Mkl.onThisThreadAlone(() -> task.accept(ranges.get(from))));
  }

  private static boolean hasRows(Tile tile) {
    return tile.rows().rows() > 0;
  }

  private static List<Tile> tiles(Tile range) {
    int columns = columnsOfTile(range.rows().rows());
    List<Tile> tiles = new ArrayList<>();
    for (int from = range.from(); from < range.to(); from += columns) {
      int to = Math.min(from + columns, range.to());
      tiles.add(new Tile(range.rows(), range.part(), from, to));
    }
    return tiles;
  }

  /**
   * Adds the gradients of what the layer took.
   *
   * @param gradient of the results; overwritten
   */
  private void backward(NDArray gradient) {
    FloatMemory dy = FloatMemory.of(gradient);
    List<Tile> ranges = layer.tiles(segments, groups);
    RowGradients dx = x.isWanted() ? new RowGradients(ranges) : null;
    Gradient dw = Gradient.of(parts.weight());
    Gradient db = parts.bias() == null ? null : Gradient.of(parts.bias());
    long ones = db == null ? 0 : Mkl.address(tape.manager().ones(layer.y().getShape().slice(0, 1)));
    each(
        ranges,
        range -> {
          for (Tile tile : tiles(range)) {
            if (hasRows(tile)) {
              layer.backward(tile, dy);
            }
            layer.toWeights(List.of(tile), dy, dw);
            if (db != null) {
              layer.toBiases(tile, dy, ones, db);
            }
            if (dx != null && hasRows(tile)) {
              dx.add(tile, range, dy);
            }
          }
        });
    if (dx != null) {
      dx.finish();
    }
    layer.end();
  }

  /**
   * The gradient of the rows. Each range of columns has sums of its own, which are added in the
   * order of the columns, whichever thread is first.
   */
  private final class RowGradients {

    private final float beta = x.hasGradient() ? 1 : 0; // Before its place is asked for.
    private final NDArray sum = x.gradient();
    private final int columns;
    private final List<NDArray> others = new ArrayList<>();
    private final List<FloatMemory> sums = new ArrayList<>();

    RowGradients(List<Tile> ranges) {
      columns = ranges.get(0).columns();
      sums.add(FloatMemory.of(sum));
      int last = ranges.stream().mapToInt(Tile::from).max().orElse(0);
      for (int from = columns; from <= last; from += columns) {
        NDArray other = tape.manager().create(sum.getShape(), DataType.FLOAT32);
        others.add(other);
        sums.add(FloatMemory.of(other));
      }
    }

    void add(Tile tile, Tile range, FloatMemory dy) {
      boolean adds = tile.from() > range.from() || (range.from() == 0 && beta == 1);
      layer.multiplyTransposed(tile, dy, sums.get(range.from() / columns), adds ? 1 : 0);
    }

    void finish() {
      for (NDArray other : others) {
        sum.addi(other);
        other.close();
      }
    }
  }
}
