package org.llm4msr.runtime.tables;

import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.llm4msr.runtime.tables.EmbeddingTables.Place;
import org.llm4msr.runtime.tables.FieldValues.IdLists;
import org.llm4msr.runtime.tables.FieldValues.Ids;
import org.llm4msr.runtime.tables.FieldValues.Numbers;
import org.llm4msr.runtime.tables.FieldValues.Vectors;

/**
 * Gathers the vectors of a batch, and the first-order weights where the model has them, into one
 * flat buffer (B, width). A categorical field gives the vector of its id, a multi-categorical field
 * the mean over its list, weighted if it has weights (zeros for an empty one), a numeric field its
 * one vector times the value, a vector field the sum of such products. For one thread at a time;
 * several may read the same tables.
 */
public final class EmbeddingGather {

  private static final int GATHER_ROWS = 64;

  private final EmbeddingTables all;
  private final List<Place> places;
  private final int width;
  private final Workers workers;
  private final float[][] blocks;

  /** By place, made when vectors are first gathered. */
  private final Map<Place, VectorProjection> projections = new HashMap<>();

  /** Makes what gathers from some tables; workers share the rows. */
  public EmbeddingGather(EmbeddingTables tables, Workers workers) {
    all = tables;
    this.places = tables.places();
    this.width = tables.width();
    this.workers = workers;
    this.blocks = new float[workers.threads()][GATHER_ROWS * width];
  }

  /**
   * Fills the first {@code batch.size} rows of the target.
   *
   * @param target at least (B, width), row after row from index 0
   */
  public void gather(Batch batch, FloatBuffer target) {
    workers.range(
        batch.size,
        GATHER_ROWS,
        (worker, from, to) -> {
          float[] block = blocks[worker];
          for (Place place : places) {
            FieldValues values = batch.fields.get(place.field());
            gatherField(place.table(), values, from, to, block, place.column());
          }
          target.put(from * width, block, 0, (to - from) * width);
        });
    for (Place place : places) {
      if (batch.fields.get(place.field()) instanceof Vectors vectors) {
        projections
            .computeIfAbsent(place, own -> all.projection(own, workers))
            .project(vectors, batch.size, target, place.column(), width);
      }
    }
  }

  private void gatherField(
      EmbeddingTable table, FieldValues values, int from, int to, float[] block, int column) {
    int dimension = table.dimension();
    if (values instanceof Ids single) {
      int[] ids = single.ids();
      float touched = 0;
      for (int row = from; row < to; row++) {
        touched += table.touch(ids[row], 0);
      }
      block[column] = touched; // Overwritten below.
      for (int row = from, at = column; row < to; row++, at += width) {
        int id = ids[row];
        System.arraycopy(table.chunk(id), table.offset(id), block, at, dimension);
      }
    } else if (values instanceof IdLists lists) {
      float[] weights = lists.weights;
      for (int row = from, at = column; row < to; row++, at += width) {
        if (weights == null) {
          gatherMean(table, lists, row, block, at);
        } else {
          gatherWeighted(table, lists, weights, row, block, at);
        }
      }
    } else if (values instanceof Numbers numbers) {
      float[] vector = table.chunk(0);
      for (int row = from, at = column; row < to; row++, at += width) {
        float value = numbers.values()[row];
        for (int d = 0; d < dimension; d++) {
          block[at + d] = value * vector[d];
        }
      }
    }
  }

  private void gatherMean(EmbeddingTable table, IdLists lists, int row, float[] block, int at) {
    int dimension = table.dimension();
    Arrays.fill(block, at, at + dimension, 0f);
    int from = lists.offsets[row];
    int to = lists.offsets[row + 1];
    float share = 1f / (to - from);
    for (int i = from; i < to; i++) {
      float[] chunk = table.chunk(lists.ids[i]);
      int start = table.offset(lists.ids[i]);
      for (int d = 0; d < dimension; d++) {
        block[at + d] += share * chunk[start + d];
      }
    }
  }

  private static void gatherWeighted(
      EmbeddingTable table, IdLists lists, float[] weights, int row, float[] block, int at) {
    int dimension = table.dimension();
    Arrays.fill(block, at, at + dimension, 0f);
    float share = lists.share(row);
    for (int i = lists.offsets[row]; i < lists.offsets[row + 1]; i++) {
      float own = share * weights[i];
      float[] chunk = table.chunk(lists.ids[i]);
      int start = table.offset(lists.ids[i]);
      for (int d = 0; d < dimension; d++) {
        block[at + d] += own * chunk[start + d];
      }
    }
  }
}
