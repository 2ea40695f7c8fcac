package org.llm4msr.plugins.datasets.generator.log;

/**
 * The AUC of true click probabilities against the labels drawn from them: no model can beat it by
 * more than chance. Exact for the probabilities as written to {@code truth.csv}, because it counts
 * every value that they can take.
 */
public final class BayesAuc {

  /** Decimals of a written probability. */
  public static final int DECIMALS = 5;

  /** The number of values that a written probability can take, minus one. */
  public static final int UNIT = 100_000;

  private final int[] negatives = new int[UNIT + 1];
  private final int[] positives = new int[UNIT + 1];

  /**
   * Counts one row.
   *
   * @param probability in units of {@code 1 / UNIT}
   */
  public void add(int probability, boolean click) {
    (click ? positives : negatives)[probability]++;
  }

  /** Adds the counts of another. */
  public void addAll(BayesAuc other) {
    for (int i = 0; i <= UNIT; i++) {
      negatives[i] += other.negatives[i];
      positives[i] += other.positives[i];
    }
  }

  /** Returns the number of rows. */
  public long rows() {
    return positives() + sum(negatives);
  }

  /** Returns the number of rows with a click. */
  long positives() {
    return sum(positives);
  }

  /** Returns the share of correctly ordered pairs of a click and a non-click; ties count half. */
  public double value() {
    long below = 0;
    double ordered = 0;
    for (int i = 0; i <= UNIT; i++) {
      ordered += positives[i] * (below + 0.5 * negatives[i]);
      below += negatives[i];
    }
    return ordered / ((double) positives() * below);
  }

  private static long sum(int[] counts) {
    long sum = 0;
    for (int count : counts) {
      sum += count;
    }
    return sum;
  }
}
