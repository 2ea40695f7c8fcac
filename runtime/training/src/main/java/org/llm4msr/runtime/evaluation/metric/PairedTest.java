package org.llm4msr.runtime.evaluation.metric;

import org.hipparchus.distribution.continuous.NormalDistribution;

/** A test of whether a metric of two models is the same, on the same rows. */
public interface PairedTest {

  /** There is no test. */
  PairedTest NONE =
      new PairedTest() {
        @Override
        public String key() {
          return "none";
        }

        @Override
        public String title() {
          return "no test";
        }

        @Override
        public double pValue(PairedRows rows) {
          return Double.NaN;
        }
      };

  /** Returns its name in files. */
  String key();

  /** Returns its name in texts. */
  String title();

  /** Returns the two-sided p-value; NaN if there are too few users. */
  double pValue(PairedRows rows);

  /**
   * Returns the two-sided p-value of a difference from 0 by the normal distribution.
   *
   * @param variance of the difference; below 0 only by rounding
   */
  static double normal(double difference, double variance) {
    if (variance <= 0) {
      return difference == 0 ? 1 : 0;
    }
    double z = -Math.abs(difference) / Math.sqrt(variance);
    return 2 * new NormalDistribution().cumulativeProbability(z);
  }
}
