package org.llm4msr.runtime.evaluation.metric;

/**
 * {@code auc}: the share of pairs of a positive and a negative that the scores order correctly;
 * ties count half.
 */
final class Auc implements Metric {

  @Override
  public String name() {
    return "auc";
  }

  @Override
  public String title() {
    return "AUC";
  }

  @Override
  public Direction direction() {
    return Direction.HIGHER;
  }

  @Override
  public Order order() {
    return Order.SCORE;
  }

  @Override
  public PairedTest test() {
    return new DeLong();
  }

  @Override
  public State newState() {
    return new Pairs();
  }

  private final class Pairs implements State {
    private final AucCount count = new AucCount();

    @Override
    public void add(float score, boolean positive) {
      count.add(score, positive);
    }

    @Override
    public void merge(State other) {
      count.merge(((Pairs) other).count);
    }

    @Override
    public void write(Figures figures) {
      figures.number(name(), count.value(), count.missing());
    }
  }
}
