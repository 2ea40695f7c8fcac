package org.llm4msr.runtime.evaluation.metric;

import org.jspecify.annotations.Nullable;

/**
 * Counts the pairs of a positive and a negative that scores order correctly, over rows given by
 * rising score. Rows of equal score count half.
 */
public final class AucCount {

  private long positives;
  private long negatives;
  private long tiedPositives;
  private long tiedNegatives;
  private float tiedScore = Float.NEGATIVE_INFINITY;

  /** Exact up to 2^53 half pairs; beyond, the relative error is about 1e-16. */
  private double orderedPairs;

  /** Adds a row whose score is not below that of the row before. */
  public void add(float score, boolean positive) {
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
  public double value() {
    settle();
    return hasBothClasses() ? orderedPairs / ((double) positives * negatives) : Double.NaN;
  }

  /** Returns whether there are rows of both classes. */
  public boolean hasBothClasses() {
    return positives + tiedPositives > 0 && negatives + tiedNegatives > 0;
  }

  /** Returns the rows so far. */
  long rows() {
    return positives + negatives + tiedPositives + tiedNegatives;
  }

  /** Adds the rows of another count, whose scores are all higher. */
  void merge(AucCount higher) {
    settle();
    higher.settle();
    orderedPairs += higher.orderedPairs + (double) higher.positives * negatives;
    positives += higher.positives;
    negatives += higher.negatives;
  }

  /** Returns why there is no AUC, or null. */
  @Nullable String missing() {
    return missing(rows(), positives + tiedPositives);
  }

  /** Returns why rows do not have both classes, or null. */
  static @Nullable String missing(long rows, long positives) {
    if (rows == 0) {
      return "no rows";
    }
    return positives == 0 ? "no positives" : positives == rows ? "no negatives" : null;
  }

  /** Returns why no user has an AUC. */
  static String noUser(boolean anyRows) {
    return anyRows ? "no user has rows of both classes" : "no rows";
  }

  /** Forgets all rows. */
  public void clear() {
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
