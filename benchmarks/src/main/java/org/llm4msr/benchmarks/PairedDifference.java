package org.llm4msr.benchmarks;

import org.apache.commons.math3.distribution.TDistribution;
import org.apache.commons.math3.stat.StatUtils;
import org.apache.commons.math3.util.MathArrays;

/**
 * The mean of paired differences with its 95 % interval by Student's t.
 *
 * @param mean of the differences
 * @param halfWidth of the interval around it; NaN for a single pair
 */
record PairedDifference(double mean, double halfWidth) {

  private static final double UPPER = 0.975;

  /** Returns {@code after - before}, pair by pair. */
  static PairedDifference of(double[] before, double[] after) {
    double[] differences = MathArrays.ebeSubtract(after, before);
    int pairs = differences.length;
    double deviation = Math.sqrt(StatUtils.variance(differences));
    return new PairedDifference(
        StatUtils.mean(differences),
        pairs < 2
            ? Double.NaN
            : new TDistribution(pairs - 1).inverseCumulativeProbability(UPPER)
                * deviation
                / Math.sqrt(pairs));
  }
}
