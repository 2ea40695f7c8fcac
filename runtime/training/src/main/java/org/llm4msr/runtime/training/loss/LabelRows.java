package org.llm4msr.runtime.training.loss;

import org.jspecify.annotations.Nullable;

/**
 * What the rows of a batch have of one label.
 *
 * @param size rows, B
 * @param label 0 or 1 of each row; anything in rows of weight 0
 * @param weight how much each row counts; null where all count 1
 */
@SuppressWarnings("ArrayRecordComponent") // Read once, by the loss.
record LabelRows(int size, float[] label, float @Nullable [] weight) {

  boolean isPositive(int row) {
    return label[row] == 1;
  }

  /** Returns the sum of the weights. */
  double weightSum() {
    if (weight == null) {
      return size;
    }
    double sum = 0;
    for (int i = 0; i < size; i++) {
      sum += weight[i];
    }
    return sum;
  }

  /** Returns the rows whose label is known, not NaN: the others have the weight 0. */
  LabelRows known() {
    boolean all = true;
    float[] own = new float[size];
    for (int i = 0; i < size; i++) {
      boolean known = !Float.isNaN(label[i]);
      own[i] = known ? weight == null ? 1 : weight[i] : 0;
      all &= known;
    }
    return all ? this : new LabelRows(size, label, own);
  }
}
