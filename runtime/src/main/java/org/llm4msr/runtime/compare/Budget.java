package org.llm4msr.runtime.compare;

/** Training time that may be spent, that of earlier calls included. */
final class Budget {

  /** Ends never. */
  static final double UNLIMITED = 0;

  private static final int SECONDS_A_MINUTE = 60;

  private final double seconds;
  private double spent;

  /**
   * Makes a budget.
   *
   * @param minutes of training; {@link #UNLIMITED} for no end
   */
  Budget(double minutes) {
    this.seconds = minutes == UNLIMITED ? Double.POSITIVE_INFINITY : minutes * SECONDS_A_MINUTE;
  }

  /**
   * Spends some.
   *
   * @param training seconds; NaN where nothing tells
   */
  void spend(double training) {
    spent += Double.isNaN(training) ? 0 : training;
  }

  boolean isSpent() {
    return spent >= seconds;
  }
}
