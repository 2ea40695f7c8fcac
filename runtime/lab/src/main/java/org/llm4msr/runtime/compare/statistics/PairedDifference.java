package org.llm4msr.runtime.compare.statistics;

import org.hipparchus.distribution.continuous.TDistribution;
import org.hipparchus.stat.StatUtils;
import org.hipparchus.stat.inference.TTest;
import org.hipparchus.util.MathArrays;

/**
 * Differences between pairs of runs of one seed, by Student's t.
 *
 * @param mean of the differences
 * @param halfWidth of the 95 % interval around it; NaN for a single pair
 * @param pValue two-sided, for a mean of 0; NaN for a single pair
 */
public record PairedDifference(double mean, double halfWidth, double pValue) {

  private static final double UPPER = 0.975;

  /** Returns {@code after - before}, pair by pair. */
  public static PairedDifference of(double[] before, double[] after) {
    double[] differences = MathArrays.ebeSubtract(after, before);
    int pairs = differences.length;
    double mean = StatUtils.mean(differences);
    if (pairs < 2) {
      return new PairedDifference(mean, Double.NaN, Double.NaN);
    }
    double error = Math.sqrt(StatUtils.variance(differences) / pairs);
    if (error == 0) {
      return new PairedDifference(mean, 0, mean == 0 ? 1 : 0);
    }
    double t = new TDistribution(pairs - 1).inverseCumulativeProbability(UPPER);
    return new PairedDifference(mean, t * error, new TTest().pairedTTest(after, before));
  }
}
