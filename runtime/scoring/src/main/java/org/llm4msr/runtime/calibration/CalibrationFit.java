package org.llm4msr.runtime.calibration;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.llm4msr.runtime.calibration.LogisticFit.Point;
import org.llm4msr.runtime.calibration.LogitBins.Bin;

/**
 * Fits a calibration to rows that the model was not trained on: slope and offset of least log loss
 * (J. Platt, "Probabilistic outputs for support vector machines", 1999; C. Guo et al., "On
 * calibration of modern neural networks", 2017).
 *
 * <p>First all rows are fitted together, with Platt's targets, which keep slope and offset finite.
 * Each scenario is then fitted to its own rows and {@value #PRIOR_ROWS} more: those of all
 * scenarios, scaled down, with the probabilities of the first fit as labels (a catalytic prior; D.
 * Huang et al., 2020). So a scenario without rows has the fit of all, one with few rows or one
 * class stays near it, and one with many goes its own way.
 *
 * <p>Memory does not grow with the rows: they are counted in bins of the logit. For one thread.
 */
public final class CalibrationFit {

  static final double PRIOR_ROWS = 100;

  private final List<String> scenarios;
  private final LogitBins[] bins;

  /**
   * Begins a fit.
   *
   * @param scenarios the scenarios' keys, by rank
   */
  public CalibrationFit(List<String> scenarios) {
    this.scenarios = List.copyOf(scenarios);
    bins = Stream.generate(LogitBins::new).limit(scenarios.size()).toArray(LogitBins[]::new);
  }

  /**
   * Adds rows.
   *
   * @param n the number of rows, which come first in each array
   * @param scenario rank of each row's scenario
   * @param label 0 or 1
   */
  public void add(int n, int[] scenario, float[] label, float[] logit) {
    for (int i = 0; i < n; i++) {
      bins[scenario[i]].add(logit[i], label[i] == 1);
    }
  }

  /**
   * Adds the rows whose label is known, as {@link #add}.
   *
   * @param label 0, 1 or NaN where it is not known
   */
  public void addKnown(int n, int[] scenario, float[] label, float[] logit) {
    for (int i = 0; i < n; i++) {
      if (!Float.isNaN(label[i])) {
        bins[scenario[i]].add(logit[i], label[i] == 1);
      }
    }
  }

  /** Returns the fit of the rows so far; {@link Calibration#NONE} if all are of one class. */
  public Calibration result() {
    LogitBins all = new LogitBins();
    for (LogitBins some : bins) {
      all.addAll(some);
    }
    if (all.positives() == 0 || all.positives() == all.rows()) {
      return Calibration.NONE;
    }
    LogisticFit together = LogisticFit.of(softened(all));
    List<Point> prior = prior(all, together);
    List<Calibration.Line> lines = new ArrayList<>();
    for (int s = 0; s < bins.length; s++) {
      List<Point> points = new ArrayList<>(prior);
      for (Bin bin : bins[s].bins()) {
        points.add(new Point(bin.logit(), bin.rows(), bin.positives()));
      }
      LogisticFit own = bins[s].rows() == 0 ? together : LogisticFit.of(points);
      lines.add(new Calibration.Line(scenarios.get(s), own.slope(), own.offset(), bins[s].rows()));
    }
    return new Calibration(lines);
  }

  /** Platt's targets: a positive row counts as (P + 1) / (P + 2), a negative one as 1 / (N + 2). */
  private static List<Point> softened(LogitBins all) {
    double positives = all.positives();
    double negatives = all.rows() - positives;
    double ofPositive = (positives + 1) / (positives + 2);
    double ofNegative = 1 / (negatives + 2);
    List<Point> points = new ArrayList<>();
    for (Bin bin : all.bins()) {
      double target = bin.positives() * ofPositive + (bin.rows() - bin.positives()) * ofNegative;
      points.add(new Point(bin.logit(), bin.rows(), target));
    }
    return points;
  }

  private static List<Point> prior(LogitBins all, LogisticFit together) {
    double scale = PRIOR_ROWS / all.rows();
    List<Point> points = new ArrayList<>();
    for (Bin bin : all.bins()) {
      double weight = scale * bin.rows();
      points.add(new Point(bin.logit(), weight, weight * together.probability(bin.logit())));
    }
    return points;
  }
}
