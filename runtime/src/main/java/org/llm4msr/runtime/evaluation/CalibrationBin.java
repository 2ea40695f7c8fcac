package org.llm4msr.runtime.evaluation;

/**
 * Rows whose probabilities lie near each other.
 *
 * @param rows rows, one at least
 * @param meanPrediction their mean probability
 * @param meanLabel their share of positives
 */
public record CalibrationBin(long rows, double meanPrediction, double meanLabel) {

  /** Bins of equal width over [0, 1]. */
  static final int COUNT = 20;

  /** Returns which of the bins of equal width this is, from 0. */
  public int number() {
    return number(meanPrediction);
  }

  static int number(double probability) {
    return Math.min((int) (probability * COUNT), COUNT - 1);
  }
}
