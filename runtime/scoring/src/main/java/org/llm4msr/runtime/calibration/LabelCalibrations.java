package org.llm4msr.runtime.calibration;

import java.util.List;

/**
 * The calibrations of the further labels of a model.
 *
 * @param labels in the order of the model
 */
public record LabelCalibrations(List<Calibration> labels) {

  public LabelCalibrations {
    labels = List.copyOf(labels);
  }

  /**
   * Finds them.
   *
   * @param names of the labels, in the order of the model
   */
  public static LabelCalibrations of(Calibration calibration, List<String> names) {
    return new LabelCalibrations(names.stream().map(calibration::of).toList());
  }

  /**
   * Computes probabilities.
   *
   * @param n the number of rows, which come first in each array
   * @param scenario rank of each row's scenario
   * @param logit by label, then by row
   * @param probability filled; may be {@code logit}
   */
  public void probabilities(int n, int[] scenario, float[][] logit, float[][] probability) {
    for (int label = 0; label < logit.length; label++) {
      labels.get(label).probabilities(n, scenario, logit[label], probability[label]);
    }
  }
}
