package org.llm4msr.runtime.evaluation;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntPredicate;

/** Collects predictions and scores them, overall and per scenario. Keeps 12 bytes a row. */
public final class Evaluator implements AutoCloseable {

  private final int scenarios;
  private int[] scenarioOf = new int[1 << 12];
  private float[] labels = new float[1 << 12];
  private float[] probabilities = new float[1 << 12];
  private int rows;

  /** Makes an evaluator of S scenarios. */
  public Evaluator(int scenarios) {
    this.scenarios = scenarios;
  }

  /** Adds the first {@code n} rows. */
  public void add(int n, int[] scenario, int[] user, float[] label, float[] probability) {
    if (rows + n > labels.length) {
      int capacity = Math.max(rows + n, labels.length * 2);
      scenarioOf = Arrays.copyOf(scenarioOf, capacity);
      labels = Arrays.copyOf(labels, capacity);
      probabilities = Arrays.copyOf(probabilities, capacity);
    }
    System.arraycopy(scenario, 0, scenarioOf, rows, n);
    System.arraycopy(label, 0, labels, rows, n);
    System.arraycopy(probability, 0, probabilities, rows, n);
    rows += n;
  }

  /** Scores what was added. */
  public EvaluationResult result() {
    List<EvaluationResult.Scores> perScenario = new ArrayList<>();
    for (int s = 0; s < scenarios; s++) {
      int scenario = s;
      perScenario.add(scores(row -> scenarioOf[row] == scenario));
    }
    return new EvaluationResult(scores(row -> true), perScenario);
  }

  private EvaluationResult.Scores scores(IntPredicate chosen) {
    long[] byProbability = new long[rows];
    int count = 0;
    long positives = 0;
    double logLoss = 0;
    for (int row = 0; row < rows; row++) {
      if (chosen.test(row)) {
        boolean positive = labels[row] == 1;
        // Bits of a float that is not negative sort as the float.
        byProbability[count++] =
            (long) Float.floatToIntBits(probabilities[row]) << 1 | (positive ? 1 : 0);
        positives += positive ? 1 : 0;
        double p = Math.min(Math.max(probabilities[row], 1e-7), 1 - 1e-7);
        logLoss -= Math.log(positive ? p : 1 - p);
      }
    }
    Arrays.sort(byProbability, 0, count);
    return new EvaluationResult.Scores(
        count, positives, auc(byProbability, count, positives), logLoss / count);
  }

  /** Counts pairs of a negative and a positive in the right order; ties count half. */
  private static double auc(long[] sorted, int count, long positives) {
    long negatives = count - positives;
    double pairs = 0;
    long negativesBelow = 0;
    for (int from = 0; from < count; ) {
      int to = from;
      long tiedPositives = 0;
      while (to < count && sorted[to] >> 1 == sorted[from] >> 1) {
        tiedPositives += sorted[to++] & 1;
      }
      long tiedNegatives = to - from - tiedPositives;
      pairs += tiedPositives * (negativesBelow + tiedNegatives / 2.0);
      negativesBelow += tiedNegatives;
      from = to;
    }
    return positives == 0 || negatives == 0 ? Double.NaN : pairs / positives / negatives;
  }

  @Override
  public void close() {}
}
