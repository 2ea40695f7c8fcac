package org.llm4msr.runtime.tables;

import static java.util.Objects.requireNonNull;

import java.util.Arrays;
import org.llm4msr.runtime.batch.FieldValues.IdLists;

/**
 * A list of ids of each row, which reads a table that fields train too. Its columns in the flat
 * input are D for one vector, zeros without ids, or for each of L places: L * D for the vectors,
 * zeros behind the last, then L that are 1 where there is one and 0 behind. With {@link
 * Form#EACH_AND_LARGEST}, L * D follow that are 1 where the element is the largest of its column,
 * the first such, and 0 elsewhere.
 *
 * @param length L, the most ids of a row
 */
public record TableSequence(EmbeddingTable table, int length, Form form) {

  /** What a row gets of its vectors. */
  public enum Form {
    /** Their mean. */
    MEAN,
    /** Their sum. */
    SUM,
    /** The largest of each element, whose gradient goes to the first that has it. */
    LARGEST,
    /** Zeros, in whose place a sum is written; gradients are those of {@link PooledLists}. */
    WEIGHED,
    /** Each. */
    EACH,
    /** Each, and where the largest elements are. */
    EACH_AND_LARGEST
  }

  public TableSequence {
    requireNonNull(table, "table is null");
    requireNonNull(form, "form is null");
  }

  /** Returns whether the vectors stay apart. */
  boolean keepsEach() {
    return form == Form.EACH || form == Form.EACH_AND_LARGEST;
  }

  /** Returns how many columns it has in the flat input. */
  public int columns() {
    long vectors = keepsEach() ? (long) length * table.dimension() : table.dimension();
    long all =
        switch (form) {
          case MEAN, SUM, LARGEST, WEIGHED -> vectors;
          case EACH -> vectors + length;
          case EACH_AND_LARGEST -> 2 * vectors + length;
        };
    return Math.toIntExact(all);
  }

  /** Returns the factor of each vector of a list of some ids. */
  float share(int ids) {
    return form == Form.MEAN ? 1f / ids : 1;
  }

  /** Returns how many numbers {@link #gather} needs as temporaries. */
  int temporaries() {
    return switch (form) {
      case MEAN, SUM -> length * table.dimension();
      case LARGEST -> 2 * length * table.dimension();
      case WEIGHED, EACH, EACH_AND_LARGEST -> 0;
    };
  }

  /** Writes the columns of a row. */
  void gather(SequenceLists lists, int row, float[] block, int at, float[] temporaries) {
    int dimension = table.dimension();
    int from = lists.offsets[row];
    int count = lists.offsets[row + 1] - from;
    if (!keepsEach() && (count == 0 || form == Form.WEIGHED)) {
      Arrays.fill(block, at, at + dimension, 0);
      return;
    }
    switch (form) {
      case MEAN, SUM -> {
        copy(lists, from, count, temporaries, 0);
        Folds.sum(temporaries, 0, count, dimension);
        float share = share(count);
        for (int d = 0; d < dimension; d++) {
          block[at + d] = share * temporaries[d];
        }
      }
      case LARGEST -> {
        int copies = length * dimension;
        copy(lists, from, count, temporaries, 0);
        System.arraycopy(temporaries, 0, temporaries, copies, count * dimension);
        Folds.largest(temporaries, copies, count, dimension);
        System.arraycopy(temporaries, copies, block, at, dimension);
        Folds.first(temporaries, count, dimension, copies, lists.pooled.winners, row * dimension);
      }
      case WEIGHED -> {}
      case EACH, EACH_AND_LARGEST -> {
        copy(lists, from, count, block, at);
        mark(count, block, at);
      }
    }
  }

  private void copy(IdLists lists, int from, int count, float[] target, int at) {
    float touched = 0;
    for (int i = from; i < from + count; i++) {
      touched += table.touch(lists.ids[i], 0);
    }
    target[at] = touched; // Overwritten below.
    table.copy(lists.ids, from, from + count, target, at, table.dimension());
  }

  private void mark(int count, float[] block, int at) {
    int dimension = table.dimension();
    int mask = at + length * dimension;
    Arrays.fill(block, at + count * dimension, mask, 0);
    Arrays.fill(block, mask, mask + count, 1);
    Arrays.fill(block, mask + count, mask + length, 0);
    if (form == Form.EACH_AND_LARGEST) {
      markLargest(block, at, count, mask + length);
    }
  }

  private void markLargest(float[] block, int vectors, int count, int marks) {
    int dimension = table.dimension();
    Arrays.fill(block, marks, marks + length * dimension, 0);
    for (int d = 0; count > 0 && d < dimension; d++) {
      int largest = 0;
      for (int i = 1; i < count; i++) {
        if (block[vectors + i * dimension + d] > block[vectors + largest * dimension + d]) {
          largest = i;
        }
      }
      block[marks + largest * dimension + d] = 1;
    }
  }
}
