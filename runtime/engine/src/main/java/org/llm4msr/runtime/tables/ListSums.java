package org.llm4msr.runtime.tables;

import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.batch.FieldValues;
import org.llm4msr.runtime.batch.FieldValues.IdLists;
import org.llm4msr.runtime.engine.AlignedMemory;
import org.llm4msr.runtime.engine.Mkl;
import org.llm4msr.runtime.tables.EmbeddingTables.Place;
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
   * @param width columns of the flat input
   * @param slotOf the number of the distinct id of each occurrence, place after place
   */
  void take(
      List<Place> places,
      List<? extends FieldValues> fields,
      int rows,
      int width,
      int[] slotOf,
      int distinct) {
    used = 0;
    int first = 0;
    for (Place place : places) {
      FieldValues values = fields.get(place.field());
      int count = FieldIndex.count(values, rows);
      if (count > 0) {
        Matrix matrix = next();
        matrix.sort(slotOf, first, count, distinct);
        if (place.form() == Form.WEIGHED) {
          matrix.ofVectors((SequenceLists) values, count, place.dimension());
        } else {
          matrix.rowOfX = width;
          matrix.ofRows(place, values, rows);
        }
      }
      first += count;
    }
  }

  /**
   * Takes the gradients.
   *
   * @param flat that of the flat input, (B, width), outside the heap
   */
  void readFrom(FloatBuffer flat) {
    for (Matrix matrix : matrices.subList(0, used)) {
      matrix.readFrom(flat);
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

    private int[] next = new int[0];
    private int[] placeOf = new int[0];
    private int[] columnAt = new int[0];
    private float[] weightAt = new float[0];
    private IntBuffer starts = IntBuffer.allocate(0);
    private IntBuffer columns = IntBuffer.allocate(0);
    private FloatBuffer weights = FloatBuffer.allocate(0);
    private @Nullable PooledLists pooled;
    private int column;
    private long x;
    private int rowOfX;
    private int rowsOfX;

    /** Finds the place of each occurrence: a counting sort. */
    void sort(int[] slotOf, int first, int count, int distinct) {
      if (starts.limit() <= distinct) {
        next = new int[distinct + distinct / 4 + 1];
        starts = AlignedMemory.floats(next.length).asIntBuffer();
      }
      if (columns.limit() < count) {
        placeOf = new int[count + count / 4];
        columnAt = new int[placeOf.length];
        weightAt = new float[placeOf.length];
        columns = AlignedMemory.floats(placeOf.length).asIntBuffer();
        weights = AlignedMemory.floats(placeOf.length).asFloatBuffer();
      }
      Arrays.fill(next, 0, distinct + 1, 0);
      for (int i = 0; i < count; i++) {
        next[slotOf[first + i] + 1]++;
      }
      for (int slot = 0; slot < distinct; slot++) {
        next[slot + 1] += next[slot];
      }
      starts.put(0, next, 0, distinct + 1);
      for (int i = 0; i < count; i++) {
        placeOf[i] = next[slotOf[first + i]]++;
      }
    }

    /** Each vector of a list has a gradient of its own. */
    void ofVectors(SequenceLists lists, int count, int dimension) {
      pooled = lists.pooled;
      column = 0;
      rowOfX = dimension;
      rowsOfX = count;
      for (int i = 0; i < count; i++) {
        columnAt[placeOf[i]] = i;
      }
      Arrays.fill(weightAt, 0, count, 1);
      write(count);
    }

    /** Copies what was put in arrays, which takes less time than to put it, in any order, here. */
    private void write(int count) {
      columns.put(0, columnAt, 0, count);
      weights.put(0, weightAt, 0, count);
    }

    /** The gradient is that of the row, times what the row multiplied the vector by. */
    void ofRows(Place place, FieldValues values, int rows) {
      pooled = null;
      column = place.column();
      rowsOfX = rows;
      if (!(values instanceof IdLists lists)) {
        for (int row = 0; row < rows; row++) {
          put(row, row, 1);
        }
        write(rows);
        return;
      }
      TableSequence sequence = place.sequence();
      for (int row = 0, i = 0; row < rows; row++) {
        int end = lists.offsets[row + 1];
        float share = sequence == null ? lists.share(row) : sequence.share(end - i);
        for (; i < end; i++) {
          put(i, row, lists.weights == null ? share : share * lists.weights[i]);
        }
      }
      write(lists.offsets[rows]);
    }

    void readFrom(FloatBuffer flat) {
      x = Mkl.address(pooled == null ? flat : pooled.gradients()) + (long) column * Float.BYTES;
    }

    private void put(int occurrence, int column, float weight) {
      columnAt[placeOf[occurrence]] = column;
      weightAt[placeOf[occurrence]] = weight;
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
