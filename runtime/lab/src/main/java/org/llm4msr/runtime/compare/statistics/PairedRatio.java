package org.llm4msr.runtime.compare.statistics;

import org.hipparchus.distribution.continuous.TDistribution;
import org.hipparchus.stat.StatUtils;
import org.hipparchus.stat.correlation.Covariance;

/**
 * Ratio of the means of paired numbers, with the interval of Fieller (JRSS B 1954): all ratios r
 * for which Student's t does not tell the mean of {@code numerator - r denominator} from 0.
 *
 * @param value the ratio
 * @param low end of the 95 % interval; NaN for a single pair
 * @param high its other end
 */
public record PairedRatio(double value, double low, double high) {

  private static final double UPPER = 0.975;

  /** There is none. */
  public static final PairedRatio UNKNOWN = new PairedRatio(Double.NaN, Double.NaN, Double.NaN);

  /**
   * Returns the ratio; {@link #UNKNOWN} unless the mean of the denominators is above 0 and, of
   * several pairs, can be told from 0.
   */
  public static PairedRatio of(double[] numerators, double[] denominators) {
    int pairs = denominators.length;
    double above = StatUtils.mean(numerators);
    double below = StatUtils.mean(denominators);
    if (!(below > 0)) {
      return UNKNOWN;
    }
    double value = above / below;
    if (pairs < 2) {
      return new PairedRatio(value, Double.NaN, Double.NaN);
    }
    double t = new TDistribution(pairs - 1).inverseCumulativeProbability(UPPER);
    double share = t * t / pairs;
    double a = below * below - share * StatUtils.variance(denominators);
    double b = above * below - share * new Covariance().covariance(numerators, denominators);
    double c = above * above - share * StatUtils.variance(numerators);
    if (a <= 0) {
      return UNKNOWN;
    }
    double root = Math.sqrt(Math.max(0, b * b - a * c)); // Below 0 only by rounding.
    return new PairedRatio(value, (b - root) / a, (b + root) / a);
  }
}
