package org.llm4msr.runtime.data.preparation;

/**
 * Mean and population standard deviation in one pass (West, CACM 1979). No term of the sum of
 * squares is negative, and equal values have the deviation 0.
 */
final class WeightedMoments {

  private double weight;
  private double mean;
  private double squares;

  void add(double value, double times) {
    double before = weight;
    weight += times;
    double delta = value - mean;
    double move = delta * (times / weight);
    mean += move;
    squares += before * delta * move;
  }

  /** Returns the mean; 0 without values. */
  double mean() {
    return mean;
  }

  /** Returns the deviation; 0 without values. */
  double deviation() {
    return weight > 0 ? Math.sqrt(squares / weight) : 0;
  }
}
