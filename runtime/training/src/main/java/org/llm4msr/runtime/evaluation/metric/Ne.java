package org.llm4msr.runtime.evaluation.metric;

/**
 * {@code ne}: normalised entropy, the LogLoss divided by the entropy of the share of positives,
 * both of the rows evaluated (He et al., ADKDD 2014). Below 1, a model says more than that share.
 */
final class Ne implements Metric {

  @Override
  public String name() {
    return "ne";
  }

  @Override
  public String title() {
    return "NE";
  }

  @Override
  public Direction direction() {
    return Direction.LOWER;
  }

  @Override
  public String note() {
    return "NE, normalised entropy: LogLoss divided by that of the constant; below 1, the model"
        + " says more than the share of positives.";
  }

  @Override
  public PairedTest test() {
    return new DeltaMethod(Sums::new);
  }

  @Override
  public State newState() {
    return new Sums();
  }

  private static final class Sums implements Ratio {
    private final LogLoss.Sums loss = new LogLoss.Sums();
    private long rows;
    private long positives;

    @Override
    public void add(float score, boolean positive) {
      loss.add(score, positive);
      rows++;
      positives += positive ? 1 : 0;
    }

    @Override
    public void merge(State other) {
      Sums sums = (Sums) other;
      loss.merge(sums.loss);
      rows += sums.rows;
      positives += sums.positives;
    }

    @Override
    public double numerator() {
      return loss.numerator();
    }

    /**
     * Returns the loss of the constant on these rows. How it moves with the share of all rows is of
     * second order, so that the delta method may take it as given.
     */
    @Override
    public double denominator(State all) {
      double share = (double) ((Sums) all).positives / ((Sums) all).rows;
      return -positives * Math.log(share) - (rows - positives) * Math.log1p(-share);
    }

    @Override
    public void write(Figures figures) {
      String missing = AucCount.missing(rows, positives);
      figures.number("ne", missing == null ? value() : Double.NaN, missing);
    }
  }
}
