package org.llm4msr.runtime.evaluation.metric;

import java.util.List;

/**
 * {@code calibrationError}: the mean over rows of the distance between a bin's mean prediction and
 * share of positives. With {@code meanPrediction}, {@code meanLabel}, the share of positives, and
 * {@code calibration}, the first divided by the second.
 */
final class CalibrationError implements Metric {

  @Override
  public String name() {
    return "calibrationError";
  }

  @Override
  public String title() {
    return "ECE";
  }

  @Override
  public Direction direction() {
    return Direction.LOWER;
  }

  @Override
  public List<Column> columns() {
    return List.of(
        new Column("calibration", "calibration", true), new Column(title(), name(), true));
  }

  @Override
  public String note() {
    return "Calibration: mean prediction divided by the share of positives; 1 is best. ECE, expected calibration error: rows are put into %d bins of equal width by their prediction. It is the distance between mean prediction and share of positives of a bin, averaged over the rows; 0 is best. It says nothing about the order of rows: a constant, the share of positives, has 0 too."
        .formatted(CalibrationBin.COUNT);
  }

  @Override
  public State newState() {
    return new CalibrationBins();
  }
}
