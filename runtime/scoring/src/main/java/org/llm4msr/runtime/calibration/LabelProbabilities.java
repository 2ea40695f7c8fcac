package org.llm4msr.runtime.calibration;

import java.util.List;

/** The probabilities of all labels of a batch, in memory that the next batch reuses. */
public final class LabelProbabilities {

  private final Calibration calibration;
  private final LabelCalibrations ofLabels;
  private final float[] main;
  private final float[][] further;

  /**
   * Makes room.
   *
   * @param labels names of the further labels, in the order of the model
   * @param rows how many at most
   */
  public LabelProbabilities(Calibration calibration, List<String> labels, int rows) {
    this.calibration = calibration;
    ofLabels = LabelCalibrations.of(calibration, labels);
    main = new float[rows];
    further = new float[labels.size()][rows];
  }

  /**
   * Computes those of a batch.
   *
   * @param n the number of rows, which come first in each array
   * @param scenario rank of each row's scenario
   * @param logit of the main label
   * @param furtherLogit by label, then by row
   */
  public void fill(int n, int[] scenario, float[] logit, float[][] furtherLogit) {
    calibration.probabilities(n, scenario, logit, main);
    ofLabels.probabilities(n, scenario, furtherLogit, further);
  }

  /** Returns those of the main label. */
  public float[] main() {
    return main;
  }

  /** Returns those of further labels, by label and then by row. */
  public float[][] further() {
    return further;
  }
}
