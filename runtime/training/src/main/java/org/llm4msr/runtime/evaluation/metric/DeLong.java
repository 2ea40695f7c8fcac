package org.llm4msr.runtime.evaluation.metric;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.hipparchus.util.MathArrays;

/**
 * Tests whether two models order the same rows equally well: the test of DeLong, DeLong and
 * Clarke-Pearson (Biometrics 1988) for two correlated AUCs, by midranks as in Sun and Xu (IEEE
 * Signal Processing Letters 2014), in O(n log n). Rows of one user depend on each other: the
 * variance is that of sums over users (Obuchowski, Biometrics 1997), which equals DeLong's if each
 * user has one row. The p-value comes from the normal distribution, so it is too small for few
 * users.
 */
final class DeLong implements PairedTest {

  @Override
  public String key() {
    return "deLong";
  }

  @Override
  public String title() {
    return "DeLong's test";
  }

  /** Returns the two-sided p-value; NaN if fewer than two users have rows of a class. */
  @Override
  public double pValue(PairedRows rows) {
    int[] user = rows.user();
    boolean[] positive = rows.positive();
    int positives = (int) IntStream.range(0, positive.length).filter(i -> positive[i]).count();
    Components ofFirst = Components.of(positive, rows.first(), positives);
    Components ofSecond = Components.of(positive, rows.second(), positives);
    double[] byPositive = MathArrays.ebeSubtract(ofFirst.byPositive, ofSecond.byPositive);
    double[] byNegative = MathArrays.ebeSubtract(ofFirst.byNegative, ofSecond.byNegative);
    double difference = mean(byPositive);
    ClassSums ofPositives = ClassSums.of(user, positive, true, byPositive, difference);
    ClassSums ofNegatives = ClassSums.of(user, positive, false, byNegative, difference);
    if (ofPositives.users() < 2 || ofNegatives.users() < 2) {
      return Double.NaN;
    }
    return PairedTest.normal(difference, ClassSums.variance(ofPositives, ofNegatives));
  }

  /** Corrects the rounding of the first sum. */
  private static double mean(double[] values) {
    double sum = 0;
    for (double value : values) {
      sum += value;
    }
    double mean = sum / values.length;
    double rest = 0;
    for (double value : values) {
      rest += value - mean;
    }
    return mean + rest / values.length;
  }

  /** The structural components of an AUC. */
  private static final class Components {

    /** Share of negatives below each positive; ties count half. */
    private final double[] byPositive;

    /** Share of positives above each negative; ties count half. */
    private final double[] byNegative;

    private Components(double[] byPositive, double[] byNegative) {
      this.byPositive = byPositive;
      this.byNegative = byNegative;
    }

    static Components of(boolean[] positive, float[] scores, int positives) {
      int negatives = scores.length - positives;
      double[] all = midranks(scores);
      double[] amongPositives = midranks(select(scores, positive, true, positives));
      double[] amongNegatives = midranks(select(scores, positive, false, negatives));
      double[] byPositive = new double[positives];
      double[] byNegative = new double[negatives];
      int p = 0;
      int n = 0;
      for (int i = 0; i < scores.length; i++) {
        if (positive[i]) {
          byPositive[p] = (all[i] - amongPositives[p]) / negatives;
          p++;
        } else {
          byNegative[n] = 1 - (all[i] - amongNegatives[n]) / positives;
          n++;
        }
      }
      return new Components(byPositive, byNegative);
    }

    private static float[] select(float[] scores, boolean[] positive, boolean which, int count) {
      float[] selected = new float[count];
      int next = 0;
      for (int i = 0; i < scores.length; i++) {
        if (positive[i] == which) {
          selected[next++] = scores[i];
        }
      }
      return selected;
    }

    /** Ranks from 1; equal scores share their mean rank. */
    private static double[] midranks(float[] scores) {
      long[] order = new long[scores.length];
      // The bits of non-negative floats have the same order as their values.
      Arrays.setAll(order, i -> (long) Float.floatToIntBits(scores[i] + 0f) << 32 | i);
      Arrays.sort(order);
      double[] ranks = new double[scores.length];
      for (int from = 0, to; from < order.length; from = to) {
        to = from + 1;
        while (to < order.length && order[to] >>> 32 == order[from] >>> 32) {
          to++;
        }
        for (int i = from; i < to; i++) {
          ranks[(int) order[i]] = 0.5 * (from + to - 1) + 1;
        }
      }
      return ranks;
    }
  }
}
