package org.llm4msr.runtime.tables;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.batch.Exchange;
import org.llm4msr.runtime.batch.FieldValues;
import org.llm4msr.runtime.batch.FieldValues.Vectors;
import org.llm4msr.runtime.engine.AlignedMemory;
import org.llm4msr.runtime.tables.EmbeddingTables.Place;

/**
 * Updates the rows of the tables from the gradient of what {@link EmbeddingGather} filled. A row
 * that several fields share moves once, by all of its gradients, those of the first field first.
 * Results do not depend on the number of threads. For one thread at a time.
 */
public final class EmbeddingUpdate {

  private static final int UPDATE_ROWS = 256;

  private final List<List<Place>> tables;
  private final int width;
  private final Workers workers;
  private final FieldIndex[] indexes;
  private final EmbeddingTables all;

  /** By place, made when vectors are first met. */
  private final Map<Place, VectorProjection> projections = new HashMap<>();

  private final Scratch[] scratch;
  private float[] gradient = new float[0];
  private @Nullable SharedRows others;
  private Workers.@Nullable Pending prepared;

  /** Makes what updates some tables; workers share the rows. */
  public EmbeddingUpdate(EmbeddingTables tables, Workers workers) {
    all = tables;
    this.tables = tables.byTable();
    this.width = tables.width();
    this.workers = workers;
    this.indexes = new FieldIndex[this.tables.size()];
    Arrays.setAll(indexes, t -> new FieldIndex());
    this.scratch = new Scratch[workers.threads()];
    int widest = tables.places().stream().mapToInt(Place::dimension).max().orElse(0);
    Arrays.setAll(scratch, w -> new Scratch(UPDATE_ROWS * widest));
  }

  /**
   * Makes each update one of the rows that the batches of all workers touch; of partitioned tables,
   * of those that are this worker's.
   */
  public void shareWith(Exchange exchange) {
    all.shareWith(exchange);
    others = new SharedRows(tables, exchange, all.parts());
  }

  /**
   * Updates the rows that the batch touched; with a rule that is not lazy ({@link
   * UpdateRule.Adam}), every row.
   *
   * @param flatGradient gradient of the gathered buffer, (B, width) from index 0
   */
  public void run(
      Batch batch, FloatBuffer flatGradient, UpdateRule rule, long step, double learningRate) {
    run(batch.size, batch.fields, flatGradient, rule, step, learningRate);
  }

  /**
   * Begins what needs no gradient yet, by the other threads. The rows must have been gathered, and
   * stay as they are until {@link #run} with them and the same rule, or until this is called again.
   */
  public void prepare(int rows, List<? extends FieldValues> fields, UpdateRule rule) {
    prepare(rows, fields, rule, all.usesMkl());
  }

  private void prepare(
      int rows, List<? extends FieldValues> fields, UpdateRule rule, boolean outside) {
    finishPreparing(); // What was prepared before and not run.
    prepared =
        workers.begin(
            indexes.length,
            1,
            (worker, from, to) -> {
              indexes[from].build(tables.get(from), fields, rows, width, outside);
              if (touchesAll(rule)) {
                indexes[from].sort();
              }
            });
  }

  /** Nothing is prepared afterwards, even where that failed. */
  private void finishPreparing() {
    Workers.Pending last = prepared;
    prepared = null;
    if (last != null) {
      last.finish();
    }
  }

  private static boolean touchesAll(UpdateRule rule) {
    return rule instanceof UpdateRule.Adam adam && !adam.lazy();
  }

  /**
   * Updates the rows as above.
   *
   * @param rows B
   * @param fields the values of the fields, then the ids of the sequences
   */
  public void run(
      int rows,
      List<? extends FieldValues> fields,
      FloatBuffer flatGradient,
      UpdateRule rule,
      long step,
      double learningRate) {
    boolean everyRow = touchesAll(rule);
    boolean outside = all.usesMkl() && flatGradient.isDirect();
    if (prepared == null || outside != all.usesMkl()) {
      prepare(rows, fields, rule, outside);
    }
    readGradient(flatGradient, rows);
    finishPreparing();
    for (int t = 0; t < indexes.length; t++) {
      Place place = tables.get(t).get(0); // Vectors share no table.
      if (fields.get(place.field()) instanceof Vectors vectors) {
        VectorProjection projection =
            projections.computeIfAbsent(place, own -> all.projection(own, workers));
        indexes[t].buildAll(
            place.table().rows(),
            projection.gradient(vectors, rows, gradient, place.column(), width));
        if (everyRow) {
          indexes[t].sort();
        }
      } else {
        indexes[t].takeGradients(tables.get(t), fields, rows, flatGradient);
      }
    }
    addUpLists();
    UpdateRule.Kernel kernel = rule.kernel(step, learningRate);
    List<Block> blocks =
        blocks(everyRow, others == null ? indexes : others.of(indexes, gradient, everyRow));
    workers.range(
        blocks.size(),
        1,
        (worker, from, to) -> {
          Block block = blocks.get(from);
          if (everyRow) {
            updateAll(block, kernel, scratch[worker]);
          } else {
            updateTouched(block, kernel, scratch[worker]);
          }
        });
  }

  private void addUpLists() {
    List<Block> blocks =
        blocks(false, indexes).stream().filter(block -> block.index.sumsUp()).toList();
    workers.range(
        blocks.size(),
        1,
        (worker, from, to) -> {
          Block block = blocks.get(from);
          int dimension = block.table.dimension();
          block.index.addUp(block.from, block.to, dimension, scratch[worker].sums);
        });
  }

  private void readGradient(FloatBuffer flatGradient, int size) {
    if (gradient.length < size * width) {
      gradient = new float[size * width];
    }
    workers.range(
        size,
        512,
        (worker, from, to) ->
            flatGradient.get(from * width, gradient, from * width, (to - from) * width));
  }

  /** A range of distinct ids, or of table rows, of one table. */
  private record Block(EmbeddingTable table, FieldIndex index, int from, int to) {}

  private List<Block> blocks(boolean everyRow, FieldIndex[] touched) {
    List<Block> blocks = new ArrayList<>();
    for (int t = 0; t < touched.length; t++) {
      EmbeddingTable table = tables.get(t).get(0).table().stored();
      int count = everyRow ? table.rows() : touched[t].distinct();
      for (int from = 0; from < count; from += UPDATE_ROWS) {
        blocks.add(new Block(table, touched[t], from, Math.min(from + UPDATE_ROWS, count)));
      }
    }
    return blocks;
  }

  /**
   * Copies rows into contiguous temporaries, updates them in one long loop, and copies them back: a
   * loop over the few elements of a row would not vectorise.
   */
  private void updateTouched(Block block, UpdateRule.Kernel kernel, Scratch s) {
    EmbeddingTable table = block.table;
    FieldIndex index = block.index;
    int dimension = table.dimension();
    float touched = index.touch(block.from, block.to, gradient, dimension);
    for (int k = block.from; k < block.to; k++) {
      touched += table.touch(index.id(k), table.stateSlots());
    }
    s.g[0] = touched; // Overwritten below.
    for (int k = block.from, at = 0; k < block.to; k++, at += dimension) {
      index.merge(k, gradient, dimension, s.g, at);
      load(table, index.id(k), s, at);
    }
    kernel.apply(s.w, s.a, s.b, s.g, (block.to - block.from) * dimension);
    for (int k = block.from, at = 0; k < block.to; k++, at += dimension) {
      store(table, index.id(k), s, at);
    }
  }

  private void updateAll(Block block, UpdateRule.Kernel kernel, Scratch s) {
    EmbeddingTable table = block.table;
    FieldIndex index = block.index;
    int dimension = table.dimension();
    int n = (block.to - block.from) * dimension;
    Arrays.fill(s.g, 0, n, 0f);
    int end = index.firstAtOrAbove(block.to);
    for (int position = index.firstAtOrAbove(block.from); position < end; position++) {
      int k = index.sortedAt(position);
      int at = (index.id(k) - block.from) * dimension;
      index.merge(k, gradient, dimension, s.g, at);
    }
    for (int row = block.from, at = 0; row < block.to; row++, at += dimension) {
      load(table, row, s, at);
    }
    kernel.apply(s.w, s.a, s.b, s.g, n);
    for (int row = block.from, at = 0; row < block.to; row++, at += dimension) {
      store(table, row, s, at);
    }
  }

  private static void load(EmbeddingTable table, int row, Scratch s, int at) {
    int dimension = table.dimension();
    float[] chunk = table.chunk(row);
    int from = table.offset(row);
    System.arraycopy(chunk, from, s.w, at, dimension);
    if (table.stateSlots() > 0) {
      System.arraycopy(chunk, from + dimension, s.a, at, dimension);
    }
    if (table.stateSlots() > 1) {
      System.arraycopy(chunk, from + 2 * dimension, s.b, at, dimension);
    }
  }

  private static void store(EmbeddingTable table, int row, Scratch s, int at) {
    int dimension = table.dimension();
    float[] chunk = table.chunk(row);
    int to = table.offset(row);
    System.arraycopy(s.w, at, chunk, to, dimension);
    if (table.stateSlots() > 0) {
      System.arraycopy(s.a, at, chunk, to + dimension, dimension);
    }
    if (table.stateSlots() > 1) {
      System.arraycopy(s.b, at, chunk, to + 2 * dimension, dimension);
    }
  }

  /** Temporaries of one worker. */
  private static final class Scratch {
    private final float[] w;
    private final float[] a;
    private final float[] b;
    private final float[] g;
    private final FloatBuffer sums;

    Scratch(int size) {
      w = new float[size];
      a = new float[size];
      b = new float[size];
      g = new float[size];
      sums = AlignedMemory.floats(size).asFloatBuffer();
    }
  }
}
