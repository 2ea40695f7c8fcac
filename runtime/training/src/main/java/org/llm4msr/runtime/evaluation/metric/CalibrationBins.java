package org.llm4msr.runtime.evaluation.metric;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Rows by their prediction, in bins of equal width. */
public final class CalibrationBins implements Metric.State {

  private final long[] rows = new long[CalibrationBin.COUNT];
  private final long[] positives = new long[CalibrationBin.COUNT];
  private final double[] predictions = new double[CalibrationBin.COUNT];

  @Override
  public void add(float score, boolean positive) {
    int bin = CalibrationBin.number(score);
    rows[bin]++;
    predictions[bin] += score;
    positives[bin] += positive ? 1 : 0;
  }

  @Override
  public void merge(Metric.State other) {
    CalibrationBins bins = (CalibrationBins) other;
    for (int i = 0; i < CalibrationBin.COUNT; i++) {
      rows[i] += bins.rows[i];
      positives[i] += bins.positives[i];
      predictions[i] += bins.predictions[i];
    }
  }

  /** Returns the number of all rows. */
  public long rows() {
    return Arrays.stream(rows).sum();
  }

  /** Returns the number of all rows with label 1. */
  public long positives() {
    return Arrays.stream(positives).sum();
  }

  /** Returns the bins that have rows. */
  public List<CalibrationBin> bins() {
    List<CalibrationBin> bins = new ArrayList<>();
    for (int i = 0; i < CalibrationBin.COUNT; i++) {
      if (rows[i] > 0) {
        bins.add(
            new CalibrationBin(rows[i], predictions[i] / rows[i], (double) positives[i] / rows[i]));
      }
    }
    return bins;
  }

  @Override
  public void write(Figures figures) {
    double sum = 0;
    double error = 0;
    for (int i = 0; i < CalibrationBin.COUNT; i++) {
      sum += predictions[i];
      error += Math.abs(predictions[i] - positives[i]);
    }
    double prediction = sum / rows();
    double label = (double) positives() / rows();
    figures
        .number("meanPrediction", prediction)
        .number("meanLabel", label)
        .number("calibration", positives() > 0 ? prediction / label : Double.NaN)
        .number("calibrationError", error / rows());
  }
}
