package org.llm4msr.runtime.data.slices;

import java.util.function.IntConsumer;
import org.llm4msr.runtime.batch.FieldValues;
import org.llm4msr.runtime.data.arrow.ArrowFile;
import org.llm4msr.runtime.data.arrow.IdColumn;
import org.llm4msr.runtime.data.arrow.IdListColumn;
import org.llm4msr.runtime.data.order.RowOrder;

/** How many rows of the training part have each id: 4 bytes per id, whatever the rows. */
final class TrainingCounts {

  private static final int BATCH = 1 << 13;

  private TrainingCounts() {}

  /**
   * Counts the ids of a column.
   *
   * @param train the file of the training part
   * @param ids how many ids there are
   */
  static int[] of(ArrowFile train, IdColumn column, int ids) {
    int[] counts = new int[ids];
    int[] values = new int[BATCH];
    forEachBatch(
        train,
        (picks, rows) -> {
          column.gather(picks, rows, values);
          count(values, rows, id -> counts[id]++);
        });
    return counts;
  }

  /** Counts how often an id is in the lists of a column. */
  static int[] of(ArrowFile train, IdListColumn column, int ids) {
    int[] counts = new int[ids];
    FieldValues.IdLists lists = new FieldValues.IdLists(BATCH);
    forEachBatch(
        train,
        (picks, rows) -> {
          column.gather(picks, rows, lists);
          count(lists.ids, lists.offsets[rows], id -> counts[id]++);
        });
    return counts;
  }

  private static void count(int[] values, int size, IntConsumer counter) {
    for (int i = 0; i < size; i++) {
      counter.accept(values[i]);
    }
  }

  interface Visitor {
    void visit(long[] picks, int rows);
  }

  /** Visits the places of all rows, {@value #BATCH} at a time. */
  static void forEachBatch(ArrowFile file, Visitor visitor) {
    RowOrder order = new RowOrder.Sequential(file);
    long[] picks = new long[BATCH];
    for (int rows = order.next(picks); rows > 0; rows = order.next(picks)) {
      visitor.visit(picks, rows);
    }
  }

  /** Returns room for a column of a batch. */
  static float[] numbers() {
    return new float[BATCH];
  }
}
