package org.llm4msr.plugins.datasets.generator.log;

import java.util.Arrays;
import java.util.SplittableRandom;

/** Draws by weight. */
public final class Weights {

  private Weights() {}

  /** Returns the running sums of weights that fall by Zipf's law. */
  public static double[] zipf(int count, double exponent) {
    double[] cumulative = new double[count];
    double sum = 0;
    for (int i = 0; i < count; i++) {
      sum += Math.pow(i + 1, -exponent);
      cumulative[i] = sum;
    }
    return cumulative;
  }

  /** Returns the running sums of log-normal weights. */
  public static double[] logNormal(int count, double spread, SplittableRandom random) {
    double[] cumulative = new double[count];
    double sum = 0;
    for (int i = 0; i < count; i++) {
      sum += Math.exp(spread * random.nextGaussian());
      cumulative[i] = sum;
    }
    return cumulative;
  }

  /** Draws an index, given the running sums of the weights. */
  public static int draw(double[] cumulative, SplittableRandom random) {
    double point = random.nextDouble() * cumulative[cumulative.length - 1];
    int found = Arrays.binarySearch(cumulative, point);
    return Math.min(found < 0 ? -found - 1 : found + 1, cumulative.length - 1);
  }
}
