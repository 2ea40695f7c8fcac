package org.llm4msr.runtime.evaluation.metric;

import java.util.List;

/**
 * {@code gauc}: the AUC of each user's rows, weighted by their number; users with one class left
 * out. {@code gaucRows} and {@code gaucUsers} count those that remain.
 */
final class Gauc implements Metric {

  @Override
  public String name() {
    return "gauc";
  }

  @Override
  public String title() {
    return "GAUC";
  }

  @Override
  public Direction direction() {
    return Direction.HIGHER;
  }

  @Override
  public Order order() {
    return Order.USER;
  }

  @Override
  public List<Column> columns() {
    return List.of(
        new Column(title(), name(), true),
        new Column("of rows", "gaucRows", true),
        new Column("of users", "gaucUsers", true));
  }

  @Override
  public String note() {
    return "GAUC: mean of the AUCs within users, weighted by their rows. Only users with rows of"
        + " both labels contribute: the columns beside it count their rows and them.";
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
    private final AucCount user = new AucCount();
    private double weighted;
    private long rows;
    private long users;
    private boolean any;

    @Override
    public void add(float score, boolean positive) {
      user.add(score, positive);
      any = true;
    }

    @Override
    public void endUser() {
      if (user.hasBothClasses()) {
        weighted += user.rows() * user.value();
        rows += user.rows();
        users++;
      }
      user.clear();
    }

    @Override
    public void merge(State other) {
      Sums sums = (Sums) other;
      weighted += sums.weighted;
      rows += sums.rows;
      users += sums.users;
      any |= sums.any;
    }

    @Override
    public double numerator() {
      return weighted;
    }

    @Override
    public double denominator(State all) {
      return rows;
    }

    @Override
    public void write(Figures figures) {
      figures
          .number("gauc", value(), users > 0 ? null : AucCount.noUser(any))
          .count("gaucRows", rows)
          .count("gaucUsers", users);
    }
  }
}
