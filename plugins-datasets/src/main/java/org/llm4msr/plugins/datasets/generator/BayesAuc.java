package org.llm4msr.plugins.datasets.generator;

/**
 * The AUC of true click probabilities against the labels drawn from them: what no model can beat by
 * more than chance. Exact for the probabilities as written to {@code truth.csv}, because it counts
 * every value that they can take.
 */
final class BayesAuc {

  /** Decimals of a written probability. */
  static final int DECIMALS = 5;

  /** Values that a written probability can take, less one. */
  static final int UNIT = 100_000;

  private final int[] negatives = new int[UNIT + 1];
  private final int[] positives = new int[UNIT + 1];

  /**
   * Counts one row.
   *
   * @param probability in units of {@code 1 / UNIT}
   */
  void add(int probability, boolean click) {
    (click ? positives : negatives)[probability]++;
  }

  /** Counts the rows of another. */
  void addAll(BayesAuc other) {
    for (int i = 0; i <= UNIT; i++) {
      negatives[i] += other.negatives[i];
      positives[i] += other.positives[i];
    }
  }

  /** Returns the rows. */
  long rows() {
    return positives() + sum(negatives);
  }

  /** Returns the rows with a click. */
  long positives() {
    return sum(positives);
  }

  /** Returns the share of pairs of a click and none that the probabilities order, ties half. */
  double value() {
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
