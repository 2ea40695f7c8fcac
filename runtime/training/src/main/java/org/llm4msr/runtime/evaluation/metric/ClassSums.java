package org.llm4msr.runtime.evaluation.metric;

import java.util.Arrays;
import java.util.BitSet;

/**
 * The deviations of one class's structural components from their mean, added up by user and divided
 * by the number of rows of the class.
 *
 * @param sums by index of the user
 * @param present users who have rows of the class
 */
@SuppressWarnings("ArrayRecordComponent") // Read-only, and large.
record ClassSums(double[] sums, BitSet present) {

  /**
   * Adds up.
   *
   * @param user index of each row's user
   * @param positive whether a row has label 1
   * @param which the class
   * @param components of the rows of that class, in order
   * @param mean of the components
   */
  static ClassSums of(
      int[] user, boolean[] positive, boolean which, double[] components, double mean) {
    double[] sums = new double[Arrays.stream(user).max().orElse(-1) + 1];
    BitSet present = new BitSet(sums.length);
    int next = 0;
    for (int i = 0; i < user.length; i++) {
      if (positive[i] == which) {
        sums[user[i]] += (components[next++] - mean) / components.length;
        present.set(user[i]);
      }
    }
    return new ClassSums(sums, present);
  }

  int users() {
    return present.cardinality();
  }

  /** Returns the variance of the difference of two AUCs by the sums of both classes. */
  static double variance(ClassSums positives, ClassSums negatives) {
    BitSet all = (BitSet) positives.present.clone();
    all.or(negatives.present);
    return unbiased(positives.users()) * product(positives, positives)
        + unbiased(negatives.users()) * product(negatives, negatives)
        + 2 * unbiased(all.cardinality()) * product(positives, negatives);
  }

  private static double unbiased(int users) {
    return users / (users - 1.0);
  }

  private static double product(ClassSums first, ClassSums other) {
    double sum = 0;
    for (int i = 0; i < first.sums.length; i++) {
      sum += first.sums[i] * other.sums[i];
    }
    return sum;
  }
}
