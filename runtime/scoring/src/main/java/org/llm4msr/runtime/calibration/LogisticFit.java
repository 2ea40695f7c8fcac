package org.llm4msr.runtime.calibration;

import java.util.List;

/**
 * A logistic regression on one number: the slope and offset of least log loss, by Newton's method
 * with step halving as in H. Lin, C. Lin, R. Weng, "A note on Platt's probabilistic outputs for
 * support vector machines" (2007).
 *
 * @param slope at least {@value #LEAST_SLOPE}
 */
record LogisticFit(double slope, double offset) {

  /** The slope for logits that order rows worse than chance: their order stays. */
  static final double LEAST_SLOPE = 0.01;

  private static final LogisticFit START = new LogisticFit(1, 0);
  private static final int MOST_STEPS = 100;
  private static final double SHORTEST_STEP = 1e-10;

  /** The last step is the one that is expected to gain less than this for each row. */
  private static final double LEAST_GAIN = 1e-12;

  /** The share of its expected gain that a step must reach. */
  private static final double SUFFICIENT = 1e-4;

  /** Added to the curvature, as a share of it: it has an inverse even if all x are equal. */
  private static final double RIDGE = 1e-9;

  /**
   * Rows with one x.
   *
   * @param weight their number, which may be a fraction
   * @param positives at most {@code weight}
   */
  record Point(double x, double weight, double positives) {}

  /** Fits points that have both classes. */
  static LogisticFit of(List<Point> points) {
    LogisticFit best = descend(points, START, true);
    return best.slope >= LEAST_SLOPE ? best : descend(points, leastSlope(points), false);
  }

  /** Returns a fit of the least slope whose probability at the mean of x is that of all points. */
  private static LogisticFit leastSlope(List<Point> points) {
    double rows = 0;
    double positives = 0;
    double sum = 0;
    for (Point point : points) {
      rows += point.weight;
      positives += point.positives;
      sum += point.weight * point.x;
    }
    double offset = Math.log(positives / (rows - positives));
    return new LogisticFit(LEAST_SLOPE, offset - LEAST_SLOPE * sum / rows);
  }

  double probability(double x) {
    return Calibration.sigmoid(slope * x + offset);
  }

  private static LogisticFit descend(List<Point> points, LogisticFit start, boolean slopeToo) {
    double rows = points.stream().mapToDouble(Point::weight).sum();
    LogisticFit fit = start;
    for (int i = 0; i < MOST_STEPS; i++) {
      Step step = fit.step(points, slopeToo);
      fit = fit.moved(points, step);
      if (step.gain <= LEAST_GAIN * rows) {
        return fit;
      }
    }
    return fit;
  }

  /**
   * A step.
   *
   * @param gain twice the loss that the quadratic model takes away
   */
  private record Step(double slope, double offset, double gain) {}

  private Step step(List<Point> points, boolean slopeToo) {
    double dSlope = 0;
    double dOffset = 0;
    double slopeSlope = 0;
    double slopeOffset = 0;
    double offsetOffset = 0;
    for (Point point : points) {
      double p = probability(point.x);
      double error = point.weight * p - point.positives;
      double curvature = point.weight * p * (1 - p);
      dOffset += error;
      offsetOffset += curvature;
      if (slopeToo) {
        dSlope += error * point.x;
        slopeOffset += curvature * point.x;
        slopeSlope += curvature * point.x * point.x;
      }
    }
    double ridge = RIDGE * (slopeSlope + offsetOffset) + Double.MIN_NORMAL;
    slopeSlope += ridge;
    offsetOffset += ridge;
    double determinant = slopeSlope * offsetOffset - slopeOffset * slopeOffset;
    double slopeStep = (slopeOffset * dOffset - offsetOffset * dSlope) / determinant;
    double offsetStep = (slopeOffset * dSlope - slopeSlope * dOffset) / determinant;
    return new Step(slopeStep, offsetStep, -(dSlope * slopeStep + dOffset * offsetStep));
  }

  /** Returns where a step leads, or the longest part of it that lowers the loss. */
  private LogisticFit moved(List<Point> points, Step step) {
    double loss = loss(points);
    for (double length = 1; length > SHORTEST_STEP; length /= 2) {
      LogisticFit moved =
          new LogisticFit(slope + length * step.slope, offset + length * step.offset);
      if (moved.loss(points) <= loss - SUFFICIENT * length * step.gain) {
        return moved;
      }
    }
    return this;
  }

  private double loss(List<Point> points) {
    double sum = 0;
    for (Point point : points) {
      double score = slope * point.x + offset;
      // log(1 + exp(score)), which must not overflow.
      double softplus = Math.max(score, 0) + Math.log1p(Math.exp(-Math.abs(score)));
      sum += point.weight * softplus - point.positives * score;
    }
    return sum;
  }
}
