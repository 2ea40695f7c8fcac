package org.llm4msr.runtime.tables;

import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.llm4msr.runtime.engine.AlignedMemory;
import org.llm4msr.runtime.engine.Mkl;
import org.llm4msr.runtime.tables.EmbeddingTables.Place;
import org.llm4msr.runtime.tables.FieldValues.IdLists;
import org.llm4msr.runtime.tables.TableSequence.Form;

/**
 * The gradients that the rows of a table collect, where lists of ids read it: for each place a
 * sparse matrix of the weights (distinct ids, gradients) times the gradients. MKL waits less for
 * gradients far apart in memory than loops do. Memory is reused from batch to batch.
 */
final class ListSums {

  private final List<Matrix> matrices = new ArrayList<>();
  private int used;

  /** Returns whether it serves all that reads a table. */
  static boolean serves(List<Place> places, List<? extends FieldValues> fields) {
    return places.stream().anyMatch(place -> fields.get(place.field()) instanceof IdLists)
        && places.stream().allMatch(ListSums::isSum);
  }

  private static boolean isSum(Place place) {
    Form form = place.form();
    return form == null || form == Form.MEAN || form == Form.SUM || form == Form.WEIGHED;
  }

  /**
   * Takes the places of a batch.
   *
   * @param flat the gradient of the flat input, (B, width), outside the heap
   * @param slotOf the number of the distinct id of each occurrence, place after place
   * @param workers share the rows
   */
  void take(
      List<Place> places,
      List<? extends FieldValues> fields,
      int rows,
      FloatBuffer flat,
      int width,
      int[] slotOf,
      int distinct,
      Workers workers) {
    used = 0;
    int first = 0;
    for (Place place : places) {
      FieldValues values = fields.get(place.field());
      int count = FieldIndex.count(values, rows);
      if (count > 0) {
        Matrix matrix = next();
        if (place.form() == Form.WEIGHED) {
          matrix.x = Mkl.address(((IdLists) values).pooled.gradients());
          matrix.rowOfX = place.dimension();
          matrix.rowsOfX = count;
        } else {
          matrix.x = Mkl.address(flat) + (long) place.column() * Float.BYTES;
          matrix.rowOfX = width;
          matrix.rowsOfX = rows;
        }
        matrix.makeRoom(count, distinct, workers.threads());
        matrix.fill(new Occurrences(place, values, slotOf, first), rows, distinct, workers);
      }
      first += count;
    }
  }

  /**
   * The ids that a place reads.
   *
   * @param slotOf the numbers of distinct ids, from {@code first}
   */
  @SuppressWarnings("ArrayRecordComponent") // A reused buffer.
  private record Occurrences(Place place, FieldValues values, int[] slotOf, int first) {

    int start(int row) {
      return values instanceof IdLists lists ? lists.offsets[row] : row;
    }

    int slot(int i) {
      return slotOf[first + i];
    }

    /** Returns the row of the gradients that an id of a row collects. */
    int gradient(int row, int i) {
      return place.form() == Form.WEIGHED ? i : row;
    }

    /** Returns by what the vectors of a row were multiplied beside weights of their own. */
    float share(int row) {
      TableSequence sequence = place.sequence();
      if (sequence != null) {
        return sequence.share(start(row + 1) - start(row));
      }
      return values instanceof IdLists lists ? lists.share(row) : 1;
    }

    float weight(float share, int i) {
      boolean weighs = place.form() != Form.WEIGHED && values instanceof IdLists;
      float[] own = weighs ? ((IdLists) values).weights : null;
      return own == null ? share : share * own[i];
    }
  }

  private Matrix next() {
    if (used == matrices.size()) {
      matrices.add(new Matrix());
    }
    return matrices.get(used++);
  }

  /**
   * Computes the sums of some distinct ids.
   *
   * @param memory outside the heap, of at least as many numbers
   * @param into (distinct ids, dimension)
   */
  void run(int from, int to, int dimension, FloatBuffer memory, float[] into) {
    int numbers = (to - from) * dimension;
    Mkl.onThisThreadAlone(
        () -> {
          for (int i = 0; i < used; i++) {
            matrices.get(i).multiply(from, to, dimension, i == 0 ? 0 : 1, Mkl.address(memory));
          }
        });
    memory.get(0, into, from * dimension, numbers);
  }

  /** In compressed rows, each in the order of the batch. */
  private static final class Matrix {

    /** For each part of the batch, where the next number of each row goes. */
    private int[][] next = new int[0][0];

    private IntBuffer starts = IntBuffer.allocate(0);
    private IntBuffer columns = IntBuffer.allocate(0);
    private FloatBuffer weights = FloatBuffer.allocate(0);
    private long x;
    private int rowOfX;
    private int rowsOfX;

    void makeRoom(int count, int distinct, int parts) {
      if (starts.limit() <= distinct) {
        int room = distinct + distinct / 4 + 1;
        next = new int[parts][room];
        starts = AlignedMemory.floats(room).asIntBuffer();
      }
      if (columns.limit() < count) {
        int room = count + count / 4;
        columns = AlignedMemory.floats(room).asIntBuffer();
        weights = AlignedMemory.floats(room).asFloatBuffer();
      }
    }

    /** A counting sort, whose result does not depend on the number of parts. */
    void fill(Occurrences of, int rows, int distinct, Workers workers) {
      int size = (rows + next.length - 1) / next.length;
      workers.range(
          rows, size, (worker, from, to) -> count(of, from, to, next[from / size], distinct));
      int parts = (rows + size - 1) / size;
      int at = 0;
      for (int slot = 0; slot < distinct; slot++) {
        starts.put(slot, at);
        for (int part = 0; part < parts; part++) {
          int count = next[part][slot];
          next[part][slot] = at;
          at += count;
        }
      }
      starts.put(distinct, at);
      workers.range(rows, size, (worker, from, to) -> put(of, from, to, next[from / size]));
    }

    private static void count(Occurrences of, int from, int to, int[] counts, int distinct) {
      Arrays.fill(counts, 0, distinct, 0);
      int end = of.start(to);
      for (int i = of.start(from); i < end; i++) {
        counts[of.slot(i)]++;
      }
    }

    private void put(Occurrences of, int from, int to, int[] places) {
      for (int row = from, i = of.start(from); row < to; row++) {
        int end = of.start(row + 1);
        float share = of.share(row);
        for (; i < end; i++) {
          int at = places[of.slot(i)]++;
          columns.put(at, of.gradient(row, i));
          weights.put(at, of.weight(share, i));
        }
      }
    }

    void multiply(int from, int to, int dimension, float beta, long y) {
      long ofRows = Mkl.address(starts) + (long) from * Integer.BYTES;
      Mkl.multiplySparse(
          to - from,
          rowsOfX,
          ofRows,
          Mkl.address(columns),
          Mkl.address(weights),
          dimension,
          x,
          rowOfX,
          beta,
          y,
          dimension);
    }
  }
}
