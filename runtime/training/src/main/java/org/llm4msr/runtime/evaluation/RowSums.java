package org.llm4msr.runtime.evaluation;

import java.util.ArrayList;
import java.util.List;

/** Sums over rows: log loss and calibration. */
final class RowSums {

  /** A probability closer to 0 or 1 counts as this close, so that no row has an infinite loss. */
  static final double CLIP = 1e-7;

  private final long[] binRows = new long[CalibrationBin.COUNT];
  private final long[] binPositives = new long[CalibrationBin.COUNT];
  private final double[] binPredictions = new double[CalibrationBin.COUNT];
  private double logLoss;

  void add(float probability, boolean positive) {
    double p = Math.min(Math.max(probability, CLIP), 1 - CLIP);
    logLoss -= Math.log(positive ? p : 1 - p);
    int bin = CalibrationBin.number(probability);
    binRows[bin]++;
    binPredictions[bin] += probability;
    if (positive) {
      binPositives[bin]++;
    }
  }

  void addAll(RowSums other) {
    for (int i = 0; i < CalibrationBin.COUNT; i++) {
      binRows[i] += other.binRows[i];
      binPositives[i] += other.binPositives[i];
      binPredictions[i] += other.binPredictions[i];
    }
    logLoss += other.logLoss;
  }

  long rows() {
    return sum(binRows);
  }

  long positives() {
    return sum(binPositives);
  }

  double logLoss() {
    return logLoss / rows();
  }

  double meanPrediction() {
    double sum = 0;
    for (double predictions : binPredictions) {
      sum += predictions;
    }
    return sum / rows();
  }

  double meanLabel() {
    return (double) positives() / rows();
  }

  /** Returns the mean over rows of the distance between a bin's mean prediction and mean label. */
  double calibrationError() {
    double sum = 0;
    for (int i = 0; i < CalibrationBin.COUNT; i++) {
      sum += Math.abs(binPredictions[i] - binPositives[i]);
    }
    return sum / rows();
  }

  /** Returns the bins that have rows. */
  List<CalibrationBin> calibration() {
    List<CalibrationBin> bins = new ArrayList<>();
    for (int i = 0; i < CalibrationBin.COUNT; i++) {
      long rows = binRows[i];
      if (rows > 0) {
        bins.add(
            new CalibrationBin(rows, binPredictions[i] / rows, (double) binPositives[i] / rows));
      }
    }
    return bins;
  }

  private static long sum(long[] counts) {
    long sum = 0;
    for (long count : counts) {
      sum += count;
    }
    return sum;
  }
}
