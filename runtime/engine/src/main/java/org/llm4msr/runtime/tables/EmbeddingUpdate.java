package org.llm4msr.runtime.tables;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.llm4msr.runtime.tables.FieldValues.Vectors;

/**
 * Updates the rows of the tables from the gradient of what {@link EmbeddingGather} filled. Results
 * do not depend on the number of threads. For one thread at a time.
 */
public final class EmbeddingUpdate {

  private static final int UPDATE_ROWS = 256;

  private final List<EmbeddingTable> tables;
  private final int dimension;
  private final int width;
  private final Workers workers;
  private final FieldIndex[] indexes;
  private final EmbeddingTables all;

  /** By field, made when vectors are first met. */
  private final Map<Integer, VectorProjection> projections = new HashMap<>();

  private final Scratch[] scratch;
  private float[] gradient = new float[0];

  /** Makes what updates some tables; workers share the rows. */
  public EmbeddingUpdate(EmbeddingTables tables, Workers workers) {
    all = tables;
    this.tables = tables.tables();
    this.dimension = tables.dimension();
    this.width = tables.width();
    this.workers = workers;
    this.indexes = new FieldIndex[this.tables.size()];
    Arrays.setAll(indexes, f -> new FieldIndex());
    this.scratch = new Scratch[workers.threads()];
    Arrays.setAll(scratch, w -> new Scratch(UPDATE_ROWS * dimension));
  }

  /**
   * Updates the rows that the batch touched; with a rule that is not lazy ({@link
   * UpdateRule.Adam}), every row.
   *
   * @param flatGradient gradient of the gathered buffer, (B, W) from index 0
   */
  public void run(
      Batch batch, FloatBuffer flatGradient, UpdateRule rule, long step, double learningRate) {
    readGradient(flatGradient, batch.size);
    boolean everyRow = rule instanceof UpdateRule.Adam adam && !adam.lazy();
    for (int f = 0; f < tables.size(); f++) {
      if (batch.fields.get(f) instanceof Vectors vectors) {
        VectorProjection projection =
            projections.computeIfAbsent(f, field -> all.projection(field, workers));
        indexes[f].buildAll(
            tables.get(f).rows(),
            projection.gradient(vectors, batch.size, gradient, f * dimension, width));
      }
    }
    workers.range(
        indexes.length,
        1,
        (worker, from, to) -> {
          indexes[from].build(batch.fields.get(from), batch.size);
          if (everyRow) {
            indexes[from].sort();
          }
        });
    UpdateRule.Kernel kernel = rule.kernel(step, learningRate);
    List<Block> blocks = blocks(everyRow);
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

  /** A range of distinct ids, or of table rows, of one field. */
  private record Block(int field, int from, int to) {}

  private List<Block> blocks(boolean everyRow) {
    List<Block> blocks = new ArrayList<>();
    for (int f = 0; f < indexes.length; f++) {
      int count = everyRow ? tables.get(f).rows() : indexes[f].distinct();
      for (int from = 0; from < count; from += UPDATE_ROWS) {
        blocks.add(new Block(f, from, Math.min(from + UPDATE_ROWS, count)));
      }
    }
    return blocks;
  }

  /**
   * Copies rows into contiguous temporaries, updates them in one long loop, and copies them back: a
   * loop over the few elements of a row would not vectorise.
   */
  private void updateTouched(Block block, UpdateRule.Kernel kernel, Scratch s) {
    EmbeddingTable table = tables.get(block.field);
    FieldIndex index = indexes[block.field];
    int column = block.field * dimension;
    float touched = index.touch(block.from, block.to, gradient, width, column, dimension);
    for (int k = block.from; k < block.to; k++) {
      touched += table.touch(index.id(k), table.stateSlots());
    }
    s.g[0] = touched; // Overwritten below.
    for (int k = block.from, at = 0; k < block.to; k++, at += dimension) {
      index.merge(k, gradient, width, column, dimension, s.g, at);
      load(table, index.id(k), s, at);
    }
    kernel.apply(s.w, s.a, s.b, s.g, (block.to - block.from) * dimension);
    for (int k = block.from, at = 0; k < block.to; k++, at += dimension) {
      store(table, index.id(k), s, at);
    }
  }

  private void updateAll(Block block, UpdateRule.Kernel kernel, Scratch s) {
    EmbeddingTable table = tables.get(block.field);
    FieldIndex index = indexes[block.field];
    int column = block.field * dimension;
    int n = (block.to - block.from) * dimension;
    Arrays.fill(s.g, 0, n, 0f);
    int end = index.firstAtOrAbove(block.to);
    for (int position = index.firstAtOrAbove(block.from); position < end; position++) {
      int k = index.sortedAt(position);
      int at = (index.id(k) - block.from) * dimension;
      index.merge(k, gradient, width, column, dimension, s.g, at);
    }
    for (int row = block.from, at = 0; row < block.to; row++, at += dimension) {
      load(table, row, s, at);
    }
    kernel.apply(s.w, s.a, s.b, s.g, n);
    for (int row = block.from, at = 0; row < block.to; row++, at += dimension) {
      store(table, row, s, at);
    }
  }

  private void load(EmbeddingTable table, int row, Scratch s, int at) {
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

  private void store(EmbeddingTable table, int row, Scratch s, int at) {
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

    Scratch(int size) {
      w = new float[size];
      a = new float[size];
      b = new float[size];
      g = new float[size];
    }
  }
}
