package org.llm4msr.runtime.evaluation;

import java.util.Arrays;
import org.llm4msr.runtime.evaluation.metric.AucCount;

/**
 * The ranking of one group, whose rows come by falling score. Rows of equal score have every order
 * equally often: each metric is its mean over these orders, as in scikit-learn's {@code
 * ndcg_score}.
 */
final class RankedGroup {

  private final int[] cutoffs;

  /** Sum of the discounts of the first ranks. */
  private final double[] discounts;

  private final double[] dcg;
  private final double[] hit;
  private final AucCount auc = new AucCount();
  private double reciprocalRank;
  private int rows;
  private int positives;
  private float tiedScore = Float.NaN;
  private int tied;
  private int tiedPositives;

  /**
   * Makes an empty group.
   *
   * @param cutoffs numbers of first rows, rising
   */
  RankedGroup(int[] cutoffs) {
    this.cutoffs = cutoffs;
    dcg = new double[cutoffs.length];
    hit = new double[cutoffs.length];
    discounts = new double[cutoffs[cutoffs.length - 1] + 1];
    for (int rank = 1; rank < discounts.length; rank++) {
      discounts[rank] = discounts[rank - 1] + Math.log(2) / Math.log(rank + 1.0);
    }
  }

  /** Adds a row whose score is not above that of the row before. */
  void add(float score, boolean positive) {
    if (score != tiedScore) {
      settle();
      tiedScore = score;
    }
    tied++;
    tiedPositives += positive ? 1 : 0;
    // It wants rising scores: with both turned around, the AUC is the same.
    auc.add(-score, !positive);
  }

  /** Ends the group: its metrics are then defined. */
  void finish() {
    settle();
  }

  boolean hasPositive() {
    return positives > 0;
  }

  boolean hasBothClasses() {
    return auc.hasBothClasses();
  }

  double auc() {
    return auc.value();
  }

  double ndcg(int cutoff) {
    return dcg[cutoff] / discounts[Math.min(positives, cutoffs[cutoff])];
  }

  /** Returns how probable a positive is among the first rows. */
  double hit(int cutoff) {
    return hit[cutoff];
  }

  /** Returns the mean of 1 / rank of the first positive. */
  double reciprocalRank() {
    return reciprocalRank;
  }

  void clear() {
    Arrays.fill(dcg, 0);
    Arrays.fill(hit, 0);
    auc.clear();
    reciprocalRank = 0;
    rows = 0;
    positives = 0;
    tiedScore = Float.NaN;
  }

  private void settle() {
    double share = tied == 0 ? 0 : (double) tiedPositives / tied;
    for (int c = 0; c < cutoffs.length; c++) {
      dcg[c] += share * (discounts(rows + tied, c) - discounts(rows, c));
    }
    if (positives == 0 && tiedPositives > 0) {
      findFirstPositive();
    }
    rows += tied;
    positives += tiedPositives;
    tied = 0;
    tiedPositives = 0;
  }

  private double discounts(int rank, int cutoff) {
    return discounts[Math.min(rank, cutoffs[cutoff])];
  }

  /** Goes through the tied rows as long as none may be positive. */
  private void findFirstPositive() {
    double none = 1;
    for (int place = 0; place <= tied - tiedPositives; place++) {
      double first = none * tiedPositives / (tied - place);
      int rank = rows + place + 1;
      reciprocalRank += first / rank;
      for (int c = 0; c < cutoffs.length; c++) {
        hit[c] += rank <= cutoffs[c] ? first : 0;
      }
      none *= (double) (tied - place - tiedPositives) / (tied - place);
    }
  }
}
