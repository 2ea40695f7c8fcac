package org.llm4msr.runtime.data.prepared;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.data.arrow.ArrowFile;
import org.llm4msr.runtime.data.arrow.NumberColumn;

/** The further labels of the rows of one part. Immutable and thread-safe. */
final class LabelReader {

  /** Stored for a label that is not known. */
  private static final float UNKNOWN = -1;

  private final List<NumberColumn> columns;

  LabelReader(ArrowFile file, List<String> labels) {
    columns =
        labels.stream().map(label -> new NumberColumn(file, SplitColumns.label(label))).toList();
  }

  /** Returns room for the labels of rows; null where there are none. */
  float @Nullable [][] newLabels(int capacity) {
    return columns.isEmpty() ? null : new float[columns.size()][capacity];
  }

  /**
   * Copies the labels at the picked places.
   *
   * @param target by label, then by row; NaN where a label is not known
   */
  void gather(long[] picks, int count, float @Nullable [][] target) {
    for (int label = 0; target != null && label < target.length; label++) {
      NumberColumn column = columns.get(label);
      column.gather(picks, count, target[label]);
      for (int i = 0; i < count; i++) {
        if (target[label][i] == UNKNOWN) {
          target[label][i] = Float.NaN;
        }
      }
      column.requireLabelsOrNan(picks, count, target[label]);
    }
  }
}
