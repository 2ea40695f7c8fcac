package org.llm4msr.runtime.compare;

/** Training time that may be spent, including that of earlier calls. */
final class Budget {

  /** No limit. */
  static final double UNLIMITED = 0;

  private static final int SECONDS_A_MINUTE = 60;

  private final double seconds;
  private double spent;

  /**
   * Makes a budget.
   *
   * @param minutes of training; {@link #UNLIMITED} for no limit
   */
  Budget(double minutes) {
    this.seconds = minutes == UNLIMITED ? Double.POSITIVE_INFINITY : minutes * SECONDS_A_MINUTE;
  }

  /**
   * Spends some.
   *
   * @param training seconds; NaN if unknown
   */
  void spend(double training) {
    spent += Double.isNaN(training) ? 0 : training;
  }

  boolean isSpent() {
    return spent >= seconds;
  }
}
