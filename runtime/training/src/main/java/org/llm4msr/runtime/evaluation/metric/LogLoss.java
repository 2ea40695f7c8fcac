package org.llm4msr.runtime.evaluation.metric;

import java.util.List;

/**
 * {@code logLoss}: the mean negative log-likelihood, in nats. {@code constantLogLoss} is that of
 * the best constant, the share of positives for every row: a model with a larger one says less than
 * that.
 */
final class LogLoss implements Metric {

  /** A probability closer to 0 or 1 counts as this close, so that no row has an infinite loss. */
  private static final double CLIP = 1e-7;

  @Override
  public String name() {
    return "logLoss";
  }

  @Override
  public String title() {
    return "LogLoss";
  }

  @Override
  public String unit() {
    return "nats per row";
  }

  @Override
  public Direction direction() {
    return Direction.LOWER;
  }

  @Override
  public List<Column> columns() {
    return List.of(
        new Column(title(), name(), true), new Column("constant", "constantLogLoss", true));
  }

  @Override
  public String note() {
    return "LogLoss in nats per row; constant: that of the share of positives, predicted for all"
        + " rows.";
  }

  @Override
  public PairedTest test() {
    return new DeltaMethod(Sums::new);
  }

  @Override
  public State newState() {
    return new Sums();
  }

  /** Loss, rows and positives. */
  static final class Sums implements Ratio {
    private double loss;
    private long rows;
    private long positives;

    @Override
    public void add(float score, boolean positive) {
      double p = Math.min(Math.max(score, CLIP), 1 - CLIP);
      loss -= Math.log(positive ? p : 1 - p);
      rows++;
      positives += positive ? 1 : 0;
    }

    @Override
    public void merge(State other) {
      Sums sums = (Sums) other;
      loss += sums.loss;
      rows += sums.rows;
      positives += sums.positives;
    }

    @Override
    public double numerator() {
      return loss;
    }

    @Override
    public double denominator(State all) {
      return rows;
    }

    /** Returns the loss per row of the share of positives as a constant. */
    private double constant() {
      double share = (double) positives / rows;
      return positives == 0 || positives == rows
          ? 0 * share
          : -share * Math.log(share) - (1 - share) * Math.log1p(-share);
    }

    @Override
    public void write(Figures figures) {
      figures.number("logLoss", value()).number("constantLogLoss", constant());
    }
  }
}
