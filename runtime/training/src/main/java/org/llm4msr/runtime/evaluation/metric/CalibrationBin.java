package org.llm4msr.runtime.evaluation.metric;

/**
 * A group of rows whose probabilities are close.
 *
 * @param rows number of rows, at least one
 * @param meanPrediction their mean probability
 * @param meanLabel their share of positives
 */
public record CalibrationBin(long rows, double meanPrediction, double meanLabel) {

  /** Bins of equal width over [0, 1]. */
  public static final int COUNT = 20;

  /** Returns the index of this bin among those of equal width, from 0. */
  public int number() {
    return number(meanPrediction);
  }

  static int number(double probability) {
    return Math.min((int) (probability * COUNT), COUNT - 1);
  }
}
