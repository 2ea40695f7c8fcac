package org.llm4msr.runtime.evaluation.metric;

import java.util.Arrays;
import java.util.function.Supplier;

/**
 * Tests whether a ratio of sums over users is the same of two models: the paired delta method (Deng
 * et al., KDD 2018) with users as clusters, so that rows of one user may depend on each other. The
 * p-value comes from the normal distribution, so it is too small for few users.
 *
 * @param states give an empty state of the metric
 */
public record DeltaMethod(Supplier<? extends Metric.Ratio> states) implements PairedTest {

  private static final int SCORE_BITS = 30;

  @Override
  public String key() {
    return "delta";
  }

  @Override
  public String title() {
    return "the delta method by users";
  }

  @Override
  public double pValue(PairedRows rows) {
    Parts first = parts(rows, rows.first());
    Parts second = parts(rows, rows.second());
    int users = 0;
    double squares = 0;
    for (int user = 0; user < first.numerators.length; user++) {
      if (first.denominators[user] != 0 || second.denominators[user] != 0) {
        double influence = first.influence(user) - second.influence(user);
        squares += influence * influence;
        users++;
      }
    }
    double difference = first.value - second.value;
    return users < 2 || Double.isNaN(difference)
        ? Double.NaN
        : PairedTest.normal(difference, users / (users - 1.0) * squares);
  }

  /**
   * What each user adds to both sums, by rising index.
   *
   * @param value of all users
   * @param total denominator of all users
   */
  @SuppressWarnings("ArrayRecordComponent") // Private to this class.
  private record Parts(double[] numerators, double[] denominators, double value, double total) {

    double influence(int user) {
      return (numerators[user] - value * denominators[user]) / total;
    }
  }

  private Parts parts(PairedRows rows, float[] scores) {
    long[] sorted = sorted(rows, scores);
    Metric.Ratio all = states.get();
    int users = 0;
    for (int from = 0; from < sorted.length; from = end(sorted, from)) {
      fill(all, sorted, from);
      users++;
    }
    double[] numerators = new double[users];
    double[] denominators = new double[users];
    int user = 0;
    for (int from = 0; from < sorted.length; from = end(sorted, from)) {
      Metric.Ratio own = states.get();
      fill(own, sorted, from);
      numerators[user] = own.numerator();
      denominators[user++] = own.denominator(all);
    }
    return new Parts(numerators, denominators, all.value(), all.denominator(all));
  }

  /** Returns user, score and label of each row, in this order of bits and sorted. */
  private static long[] sorted(PairedRows rows, float[] scores) {
    long[] sorted = new long[scores.length];
    // The bits of non-negative floats have the same order as their values.
    Arrays.setAll(
        sorted,
        i ->
            ((long) rows.user()[i] << SCORE_BITS | Float.floatToIntBits(scores[i] + 0f)) << 1
                | (rows.positive()[i] ? 1 : 0));
    Arrays.sort(sorted);
    return sorted;
  }

  private static int end(long[] sorted, int from) {
    int to = from;
    while (to < sorted.length && user(sorted[to]) == user(sorted[from])) {
      to++;
    }
    return to;
  }

  private static long user(long row) {
    return row >>> (SCORE_BITS + 1);
  }

  /** Adds the rows of the user of a row. */
  private static void fill(Metric.State state, long[] sorted, int from) {
    for (int i = from; i < sorted.length && user(sorted[i]) == user(sorted[from]); i++) {
      int bits = (int) (sorted[i] >>> 1) & ((1 << SCORE_BITS) - 1);
      state.add(Float.intBitsToFloat(bits), (sorted[i] & 1) == 1);
    }
    state.endUser();
  }
}
