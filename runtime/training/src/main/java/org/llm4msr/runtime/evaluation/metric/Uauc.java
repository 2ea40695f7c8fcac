package org.llm4msr.runtime.evaluation.metric;

import java.util.List;

/**
 * {@code uauc}: the mean of the AUCs of users, each counting once; ties count half. Users with one
 * class are left out: {@code uaucUsers} counts those that remain, {@code uaucLeftOut} the others.
 */
final class Uauc implements Metric {

  @Override
  public String name() {
    return "uauc";
  }

  @Override
  public String title() {
    return "UAUC";
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
        new Column(title(), name(), true), new Column("users left out", "uaucLeftOut", false));
  }

  @Override
  public String note() {
    return "UAUC: mean of the AUCs within users, each user counting once. Users with rows of one"
        + " label are left out.";
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
    private double sum;
    private long users;
    private long leftOut;

    @Override
    public void add(float score, boolean positive) {
      user.add(score, positive);
    }

    @Override
    public void endUser() {
      if (user.hasBothClasses()) {
        sum += user.value();
        users++;
      } else {
        leftOut++;
      }
      user.clear();
    }

    @Override
    public void merge(State other) {
      Sums sums = (Sums) other;
      sum += sums.sum;
      users += sums.users;
      leftOut += sums.leftOut;
    }

    @Override
    public double numerator() {
      return sum;
    }

    @Override
    public double denominator(State all) {
      return users;
    }

    @Override
    public void write(Figures figures) {
      figures
          .number("uauc", value(), users > 0 ? null : AucCount.noUser(leftOut > 0))
          .count("uaucUsers", users)
          .count("uaucLeftOut", leftOut);
    }
  }
}
