package org.llm4msr.runtime.evaluation;

/**
 * Counts the pairs of a positive and a negative that scores order correctly, over rows given by
 * rising score. Rows of equal score count half.
 */
final class AucCount {

  private long positives;
  private long negatives;
  private long tiedPositives;
  private long tiedNegatives;
  private float tiedScore = Float.NEGATIVE_INFINITY;

  /** Exact up to 2^53 half pairs; beyond, the relative error is about 1e-16. */
  private double orderedPairs;

  /** Adds a row whose score is not below that of the row before. */
  void add(float score, boolean positive) {
    if (score != tiedScore) {
      settle();
      tiedScore = score;
    }
    if (positive) {
      tiedPositives++;
    } else {
      tiedNegatives++;
    }
  }

  /** Returns the AUC of the rows so far, or NaN if there is only one class. */
  double value() {
    settle();
    return hasBothClasses() ? orderedPairs / ((double) positives * negatives) : Double.NaN;
  }

  /** Returns whether there are rows of both classes. */
  boolean hasBothClasses() {
    return positives + tiedPositives > 0 && negatives + tiedNegatives > 0;
  }

  /** Returns the rows so far. */
  long rows() {
    return positives + negatives + tiedPositives + tiedNegatives;
  }

  /** Forgets all rows. */
  void clear() {
    positives = 0;
    negatives = 0;
    tiedPositives = 0;
    tiedNegatives = 0;
    tiedScore = Float.NEGATIVE_INFINITY;
    orderedPairs = 0;
  }

  private void settle() {
    orderedPairs += tiedPositives * (negatives + 0.5 * tiedNegatives);
    positives += tiedPositives;
    negatives += tiedNegatives;
    tiedPositives = 0;
    tiedNegatives = 0;
  }
}
