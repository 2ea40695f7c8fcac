package org.llm4msr.runtime.data.preparation;

import org.llm4msr.api.data.RawField;
import org.llm4msr.runtime.data.arrow.DataErrors;
import org.llm4msr.runtime.data.prepared.FieldKinds;

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

  boolean isEmpty() {
    return weight == 0;
  }

  /** Returns the mean; 0 without values. */
  double mean() {
    return mean;
  }

  /** Returns the deviation; 0 without values. */
  double deviation() {
    return weight > 0 ? Math.sqrt(squares / weight) : 0;
  }

  void requireFinite(RawField field) {
    if (!Double.isFinite(mean()) || !Double.isFinite(deviation())) {
      throw DataErrors.data(
          "NUMBER_RANGE",
          "The values of the %s field '%s' are too large for a mean and a deviation. Rescale them."
              .formatted(FieldKinds.name(field.kind()), field.name()));
    }
  }
}
