package org.llm4msr.runtime.report;

import org.llm4msr.runtime.evaluation.Metrics;

/**
 * 95 % interval of an AUC by the standard error of Hanley and McNeil (Radiology 1982), which needs
 * only the AUC and the counts of both classes. It covers the choice of rows, not of seeds, and
 * assumes independent rows: if users have many rows, it is too narrow.
 *
 * @param low not below 0
 * @param high not above 1
 */
record AucInterval(double low, double high) {

  private static final double NORMAL_975 = 1.959964;

  static AucInterval of(Metrics metrics) {
    double half =
        NORMAL_975
            * standardError(
                metrics.auc(), metrics.positives(), metrics.rows() - metrics.positives());
    return new AucInterval(Math.max(0, metrics.auc() - half), Math.min(1, metrics.auc() + half));
  }

  static double standardError(double auc, long positives, long negatives) {
    double square = auc * auc;
    double twoPositives = auc / (2 - auc) - square;
    double twoNegatives = 2 * square / (1 + auc) - square;
    double sum = auc * (1 - auc) + (positives - 1) * twoPositives + (negatives - 1) * twoNegatives;
    return Math.sqrt(sum / positives / negatives);
  }
}
