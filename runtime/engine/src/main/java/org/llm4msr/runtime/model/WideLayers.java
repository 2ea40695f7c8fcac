package org.llm4msr.runtime.model;

import static java.util.Objects.requireNonNull;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.model.Grouping.Segment;
import org.llm4msr.runtime.engine.Mkl;
import org.llm4msr.runtime.kernels.FloatMemory;
import org.llm4msr.runtime.kernels.LayerProducts.Tile;
import org.llm4msr.runtime.kernels.ProductSizes;
import org.llm4msr.runtime.model.RowLayer.Gradient;

/**
 * Layers side by side over rows that are few beside their weights. Some columns of the results of
 * all rows of a group are in a core's cache for all that is done with them, and each weight is
 * fetched once, by one thread.
 */
final class WideLayers {

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
  private final int rows;
  private final List<Layer> layers;

  /** One of the layers. */
  private record Layer(RowLayer.Parts parts, RowLayer own) {}

  /** Columns of one group's results of a layer, for one thread. */
  private record Range(Layer layer, Tile tile) {}

  /**
   * Takes rows and layers.
   *
   * @param parts of layers that have no weights or biases in common
   */
  WideLayers(Tape tape, List<Segment> segments, int groups, NDArray x, List<RowLayer.Parts> parts) {
    this.tape = tape;
    this.segments = segments;
    this.groups = groups;
    this.x = tape.take(x);
    rows = (int) x.getShape().get(0);
    layers =
        parts.stream()
            .map(each -> new Layer(each, new RowLayer(tape, each, rows, this.x.values())))
            .toList();
  }

  /**
   * Returns whether a layer is faster so than by {@link RowLayers}, which fetch all weights for
   * each chunk of rows, where this fetches all rows for each tile of columns.
   *
   * @param rows of all groups
   * @param rowsOfChunk of a chunk
   */
  static boolean pays(ProductSizes sizes, int rows, int groups, int rowsOfChunk, int threads) {
    int rowsOfGroup = (rows + groups - 1) / groups;
    int columns = columnsOfTile(rowsOfGroup);
    int chunks = (rowsOfGroup + rowsOfChunk - 1) / rowsOfChunk;
    int tiles = (sizes.out() + columns - 1) / columns;
    long tasks = (long) groups * sizes.each() * (sizes.out() / RowLayer.LEAST_COLUMNS);
    if (chunks < 2 || sizes.weights() < MANY_WEIGHTS || tasks < threads) {
      return false;
    }
    long byChunks = sizes.weights() * chunks;
    long byTiles = (long) rowsOfGroup * sizes.rowIn() * tiles;
    return byChunks > GAIN * byTiles;
  }

  private static int columnsOfTile(int rows) {
    int least = RowLayer.LEAST_COLUMNS;
    int columns = Math.min(MOST_COLUMNS, NUMBERS / Math.max(1, rows));
    return Math.max(least, columns / least * least);
  }

  /**
   * Passes the rows through the layers, and records how the gradient goes on.
   *
   * @param behind what runs once the gradients of the weights are complete
   * @return (B, m) of each layer
   */
  List<NDArray> apply(Runnable behind) {
    forward();
    return tape.give(
        layers.stream().map(layer -> layer.own.y()).toList(),
        gradients -> {
          backward(gradients);
          behind.run();
        });
  }

  private void forward() {
    layers.forEach(layer -> layer.own.takeRows(0, rows));
    each(
        layers.stream().flatMap(this::ranges).toList(),
        range ->
            tiles(range.tile).stream()
                .filter(WideLayers::hasRows)
                .forEach(range.layer.own::forward));
  }

  private Stream<Range> ranges(Layer layer) {
    return layer.own.tiles(segments, groups).stream().map(tile -> new Range(layer, tile));
  }

  private void each(List<Range> ranges, Consumer<Range> task) {
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
   * Adds the gradients of what the layers took, those of the last layer first.
   *
   * @param gradients of the results; overwritten and kept; null where nothing depends on a result
   */
  private void backward(List<@Nullable NDArray> gradients) {
    RowGradients dx = x.isWanted() ? new RowGradients() : null;
    NDArray ones = tape.manager().ones(new Shape(rows));
    Map<Layer, LayerGradients> used = new LinkedHashMap<>();
    for (int i = layers.size() - 1; i >= 0; i--) {
      NDArray gradient = gradients.get(i);
      if (gradient != null) {
        Layer layer = layers.get(i);
        used.put(layer, new LayerGradients(layer, gradient, Mkl.address(ones), dx));
      }
    }
    each(
        used.keySet().stream().flatMap(this::ranges).toList(),
        range -> requireNonNull(used.get(range.layer)).add(range.tile));
    if (dx != null) {
      dx.finish();
    }
    used.forEach((layer, of) -> layer.own.end(of.gradient));
  }

  /** The gradients of what one layer took. */
  private final class LayerGradients {

    private final RowLayer layer;
    private final NDArray gradient;
    private final FloatMemory dy;
    private final long ones;
    private final Gradient dw;
    private final @Nullable Gradient db;
    private final @Nullable RowGradients dx;
    private final int columns;

    /** Where the sums of each range of columns begin among those of {@link #dx}. */
    private final int firstSum;

    LayerGradients(Layer layer, NDArray gradient, long ones, @Nullable RowGradients dx) {
      this.layer = layer.own;
      this.gradient = gradient;
      dy = FloatMemory.of(gradient);
      this.ones = ones;
      this.dx = dx;
      dw = Gradient.of(layer.parts.weight());
      db = layer.parts.bias() == null ? null : Gradient.of(layer.parts.bias());
      columns = layer.own.tiles(segments, groups).get(0).columns();
      int out = layer.parts.sizes().out();
      firstSum = dx == null ? 0 : dx.add((out + columns - 1) / columns);
    }

    void add(Tile range) {
      for (Tile tile : tiles(range)) {
        if (hasRows(tile)) {
          layer.backward(tile, dy);
        }
        layer.toWeights(tile, dy, dw);
        if (db != null) {
          layer.toBiases(tile, dy, ones, db);
        }
        if (dx != null && hasRows(tile)) {
          int sum = firstSum + range.from() / columns;
          boolean adds = tile.from() > range.from() || dx.hasNumbers(sum);
          layer.multiplyTransposed(tile, dy, dx.sum(sum), adds ? 1 : 0);
        }
      }
    }
  }

  /**
   * The gradient of the rows. Each range of columns has sums of its own, which are added in order,
   * whichever thread is first.
   */
  private final class RowGradients {

    private final boolean isAdded = x.hasGradient(); // Before its place is asked for.
    private final List<NDArray> arrays = new ArrayList<>(List.of(x.gradient()));
    private final List<FloatMemory> sums = new ArrayList<>();

    /** Makes room for more sums, and returns the place of the first. */
    int add(int ranges) {
      int first = sums.size();
      while (sums.size() < first + ranges) {
        if (!sums.isEmpty()) {
          arrays.add(tape.manager().create(arrays.get(0).getShape(), DataType.FLOAT32));
        }
        sums.add(FloatMemory.of(arrays.get(sums.size())));
      }
      return first;
    }

    FloatMemory sum(int place) {
      return sums.get(place);
    }

    /** Returns whether what already lies there is part of the gradient. */
    boolean hasNumbers(int place) {
      return place == 0 && isAdded;
    }

    void finish() {
      for (NDArray other : arrays.subList(1, arrays.size())) {
        arrays.get(0).addi(other);
        other.close();
      }
    }
  }
}
