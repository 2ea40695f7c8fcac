package org.llm4msr.runtime.tables;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.tables.FieldValues.IdLists;
import org.llm4msr.runtime.tables.FieldValues.Ids;
import org.llm4msr.runtime.tables.FieldValues.Numbers;

/**
 * The rows of a table that one batch touches, and for each the batch rows whose gradients it
 * collects, in the order of the batch. Arrays are reused from batch to batch.
 */
final class FieldIndex {

  private int distinct;
  private int[] ids = new int[0];
  private int[] starts = new int[1];
  private int[] rows = new int[0];
  private float[] weights = new float[0];
  private boolean weighted;

  /** Gradients of all rows of the table; empty where they are collected from rows of the batch. */
  private float[] gradients = new float[0];

  private int[] slotOf = new int[0];
  private int[] hash = new int[0];
  private long[] sorted = new long[0];

  /** Builds the index of the first {@code size} rows. */
  void build(FieldValues values, int size) {
    if (values instanceof Ids single) {
      distinguish(single.ids(), size);
      weighted = false;
      collect(size, null);
    } else if (values instanceof IdLists lists) {
      distinguish(lists.ids, lists.offsets[size]);
      weighted = true;
      collect(size, lists);
    } else if (values instanceof Numbers numbers) {
      buildNumeric(numbers.values(), size);
    }
  }

  /**
   * Takes the gradients of a vector field, which touches every row of its table.
   *
   * @param rows rows of the table
   * @param ofRows (rows, D)
   */
  void buildAll(int rows, float[] ofRows) {
    ensure(rows);
    distinct = rows;
    for (int k = 0; k < rows; k++) {
      ids[k] = k;
    }
    gradients = ofRows;
  }

  /** A numeric field has one vector, which every row scales by its value. */
  private void buildNumeric(float[] values, int size) {
    ensure(size);
    distinct = 1;
    ids[0] = 0;
    starts[0] = 0;
    starts[1] = size;
    weighted = true;
    for (int i = 0; i < size; i++) {
      rows[i] = i;
      weights[i] = values[i];
    }
  }

  /** Numbers the distinct ids by first occurrence: {@link #ids}, {@link #slotOf}. */
  private void distinguish(int[] values, int count) {
    ensure(count);
    int capacity = Integer.highestOneBit(Math.max(8, count)) << 2;
    if (hash.length < capacity) {
      hash = new int[capacity];
    } else {
      capacity = hash.length;
      Arrays.fill(hash, 0);
    }
    int mask = capacity - 1;
    int found = 0;
    for (int i = 0; i < count; i++) {
      int id = values[i];
      int h = (id * 0x9E3779B9) >>> 7 & mask;
      while (hash[h] != 0 && ids[hash[h] - 1] != id) {
        h = (h + 1) & mask;
      }
      if (hash[h] == 0) {
        ids[found++] = id;
        hash[h] = found;
      }
      slotOf[i] = hash[h] - 1;
    }
    distinct = found;
  }

  /** Counting sort of the occurrences by distinct id, stable in the order of the batch. */
  private void collect(int size, @Nullable IdLists lists) {
    int count = lists == null ? size : lists.offsets[size];
    Arrays.fill(starts, 0, distinct + 1, 0);
    for (int i = 0; i < count; i++) {
      starts[slotOf[i] + 1]++;
    }
    for (int k = 0; k < distinct; k++) {
      starts[k + 1] += starts[k];
    }
    for (int row = 0, i = 0; row < size; row++) {
      int end = lists == null ? row + 1 : lists.offsets[row + 1];
      float share = 1f / (end - i);
      for (; i < end; i++) {
        int at = starts[slotOf[i]]++;
        rows[at] = row;
        weights[at] = share;
      }
    }
    for (int k = distinct; k > 0; k--) {
      starts[k] = starts[k - 1];
    }
    starts[0] = 0;
  }

  private void ensure(int count) {
    if (ids.length < count || ids.length == 0) {
      int capacity = Math.max(1, count + count / 4);
      ids = new int[capacity];
      starts = new int[capacity + 1];
      rows = new int[capacity];
      weights = new float[capacity];
      slotOf = new int[capacity];
    }
  }

  /** Returns how many table rows are touched. */
  int distinct() {
    return distinct;
  }

  /** Returns the table row of a distinct id. */
  int id(int k) {
    return ids[k];
  }

  /**
   * Reads a number of each cache line of the gradients of some distinct ids, as {@link
   * EmbeddingTable#touch}.
   */
  float touch(int from, int to, float[] gradient, int width, int column, int dimension) {
    float sum = 0;
    if (gradients.length > 0) {
      return sum; // They lie together.
    }
    for (int i = starts[from]; i < starts[to]; i++) {
      int first = rows[i] * width + column;
      sum += gradient[first] + gradient[first + dimension - 1];
      for (int at = first + EmbeddingTable.LINE;
          at < first + dimension;
          at += EmbeddingTable.LINE) {
        sum += gradient[at];
      }
    }
    return sum;
  }

  /** Adds up the gradient of a distinct id, always in the order of the batch. */
  void merge(int k, float[] gradient, int width, int column, int dimension, float[] into, int at) {
    if (gradients.length > 0) {
      System.arraycopy(gradients, k * dimension, into, at, dimension);
      return;
    }
    int first = starts[k];
    int end = starts[k + 1];
    if (weighted || first == end) {
      Arrays.fill(into, at, at + dimension, 0f);
    } else { // Most ids occur once.
      System.arraycopy(gradient, rows[first++] * width + column, into, at, dimension);
    }
    for (int i = first; i < end; i++) {
      int from = rows[i] * width + column;
      if (weighted) {
        float weight = weights[i];
        for (int d = 0; d < dimension; d++) {
          into[at + d] += weight * gradient[from + d];
        }
      } else {
        for (int d = 0; d < dimension; d++) {
          into[at + d] += gradient[from + d];
        }
      }
    }
  }

  /** Prepares {@link #firstAtOrAbove} and {@link #sortedAt}. */
  void sort() {
    if (sorted.length < distinct) {
      sorted = new long[ids.length];
    }
    for (int k = 0; k < distinct; k++) {
      sorted[k] = (long) ids[k] << 32 | k;
    }
    Arrays.sort(sorted, 0, distinct);
  }

  /** Returns the first position, by rising id, whose id is at least {@code id}. */
  int firstAtOrAbove(int id) {
    int position = Arrays.binarySearch(sorted, 0, distinct, (long) id << 32);
    return position >= 0 ? position : -position - 1;
  }

  /** Returns the distinct id number at a position by rising id. */
  int sortedAt(int position) {
    return (int) sorted[position];
  }
}
