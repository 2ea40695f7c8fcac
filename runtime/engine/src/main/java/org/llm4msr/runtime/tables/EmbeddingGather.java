package org.llm4msr.runtime.tables;

import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.batch.FieldValues;
import org.llm4msr.runtime.batch.FieldValues.IdLists;
import org.llm4msr.runtime.batch.FieldValues.Ids;
import org.llm4msr.runtime.batch.FieldValues.Numbers;
import org.llm4msr.runtime.batch.FieldValues.Vectors;
import org.llm4msr.runtime.tables.EmbeddingTables.Place;
import org.llm4msr.runtime.tables.TableSequence.Form;

/**
 * Gathers the vectors of a batch, and the first-order weights where the model has them, into one
 * flat buffer (B, width). A categorical field gives the vector of its id, a multi-categorical field
 * the mean over its list, weighted if it has weights (zeros for an empty one), a numeric field its
 * one vector times the value, a vector field the sum of such products, a sequence what {@link
 * TableSequence} says. For one thread at a time; several may read the same tables.
 */
public final class EmbeddingGather {

  private static final int GATHER_ROWS = 64;

  /** A block of more numbers would not stay near the processor. */
  private static final int BLOCK = 1 << 15;

  private final EmbeddingTables all;
  private final List<Place> places;
  private final int width;
  private final Workers workers;
  private final int blockRows;
  private final float[][] blocks;
  private final float[][] temporaries;

  /** By place, made when vectors are first gathered. */
  private final Map<Place, VectorProjection> projections = new HashMap<>();

  /** Makes what gathers from some tables; workers share the rows. */
  public EmbeddingGather(EmbeddingTables tables, Workers workers) {
    all = tables;
    this.places = tables.places();
    this.width = tables.width();
    this.workers = workers;
    blockRows = Math.max(1, Math.min(GATHER_ROWS, BLOCK / Math.max(1, width)));
    this.blocks = new float[workers.threads()][blockRows * width];
    int numbers = tables.sequences().stream().mapToInt(TableSequence::temporaries).max().orElse(0);
    this.temporaries = new float[workers.threads()][numbers];
  }

  /**
   * Fills the first {@code batch.size} rows of the target.
   *
   * @param target at least (B, width), row after row from index 0
   */
  public void gather(Batch batch, FloatBuffer target) {
    gather(batch.size, batch.fields, target);
  }

  /**
   * Fills the first rows of the target.
   *
   * @param rows B
   * @param fields the values of the fields, then the ids of the sequences
   * @param target as above
   */
  public void gather(int rows, List<? extends FieldValues> fields, FloatBuffer target) {
    for (Place place : places) {
      if (place.form() == Form.LARGEST) {
        ((SequenceLists) fields.get(place.field())).pooled.expectWinners(rows * place.dimension());
      }
    }
    workers.range(
        rows,
        blockRows,
        (worker, from, to) -> {
          float[] block = blocks[worker];
          for (Place place : places) {
            FieldValues values = fields.get(place.field());
            TableSequence sequence = place.sequence();
            if (sequence == null) {
              gatherField(place.table(), values, from, to, block, place.column());
              continue;
            }
            for (int row = from, at = place.column(); row < to; row++, at += width) {
              sequence.gather((SequenceLists) values, row, block, at, temporaries[worker]);
            }
          }
          target.put(from * width, block, 0, (to - from) * width);
        });
    for (Place place : places) {
      if (fields.get(place.field()) instanceof Vectors vectors) {
        projections
            .computeIfAbsent(place, own -> all.projection(own, workers))
            .project(vectors, rows, target, place.column(), width);
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
          float share = 1f / (lists.offsets[row + 1] - lists.offsets[row]);
          gatherSum(table, lists, row, share, block, at);
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

  private static void gatherSum(
      EmbeddingTable table, IdLists lists, int row, float share, float[] block, int at) {
    int dimension = table.dimension();
    Arrays.fill(block, at, at + dimension, 0f);
    int from = lists.offsets[row];
    int to = lists.offsets[row + 1];
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
