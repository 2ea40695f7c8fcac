package org.llm4msr.runtime.evaluation.metric;

import java.util.List;

/**
 * A number that tells how good predictions of a label are. Rows come one at a time, each counts
 * once, and the numbers that a state holds do not grow with them. Implementations are stateless.
 */
public interface Metric {

  /** What is better. */
  enum Direction {
    HIGHER,
    LOWER;

    /** Returns whether a value is better than another; NaN is not, and nothing is than NaN. */
    public boolean isBetter(double value, double than) {
      return this == HIGHER ? value > than : value < than;
    }
  }

  /** The rows that a state gets. */
  enum Order {
    /** All rows in any order. */
    ANY,
    /** All rows by rising score. */
    SCORE,
    /** The rows of one user after the other's, each by rising score. */
    USER
  }

  /** Returns its name in files and settings: letters and digits, as {@code logLoss}. */
  String name();

  /** Returns its name in texts. */
  String title();

  /** Returns the unit of the value, as {@code nats per row}; empty if it has none. */
  default String unit() {
    return "";
  }

  Direction direction();

  default Order order() {
    return Order.ANY;
  }

  /** Returns a state without rows. */
  State newState();

  /** Returns the columns that tables show. */
  default List<Column> columns() {
    return List.of(new Column(title(), name(), true));
  }

  /** Returns what reports say of the columns; empty if nothing. */
  default String note() {
    return "";
  }

  /** Returns the test of a difference between two models. */
  default PairedTest test() {
    return PairedTest.NONE;
  }

  /** What is kept of the rows so far. For one thread. */
  interface State {

    /**
     * Adds a row.
     *
     * @param score the probability of label 1, in [0, 1]
     * @param positive whether the label is 1
     */
    void add(float score, boolean positive);

    /** Ends the rows of a user; only where the metric asks for {@link Order#USER}. */
    default void endUser() {}

    /**
     * Adds the rows of another state of this metric, as if they had come here: rows of higher
     * scores or of other users where the metric asks for such an order, else any.
     */
    void merge(State other);

    /** Writes the value by the metric's name, and what belongs to it. */
    void write(Figures figures);
  }

  /** A state whose metric is a sum over users, divided by another one. */
  interface Ratio extends State {

    double numerator();

    /** Returns the other sum; {@code all} is the state of all rows, of which these are some. */
    double denominator(State all);

    /** Returns the metric; NaN if it is not defined. */
    default double value() {
      return numerator() / denominator(this);
    }
  }

  /**
   * A column of tables.
   *
   * @param key of its figure
   * @param brief whether tables of the command line have it, too
   */
  record Column(String heading, String key, boolean brief) {}
}
