package org.llm4msr.runtime.data;

/** Mean and population standard deviation in one pass (West, 1979). */
final class WeightedMoments {

  private double weight;
  private double mean;
  private double squares;

  void add(double value, double times) {
    weight += times;
    double delta = value - mean;
    mean += delta * times / weight;
    squares += times * delta * (value - mean);
  }

  /** Returns the mean, 0 of nothing. */
  double mean() {
    return mean;
  }

  /** Returns the deviation, 0 of nothing. */
  double deviation() {
    return weight > 0 ? Math.sqrt(squares / weight) : 0;
  }
}
