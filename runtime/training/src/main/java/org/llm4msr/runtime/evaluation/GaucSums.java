package org.llm4msr.runtime.evaluation;

/** Adds up the AUC of each user, weighted by the number of the user's rows. */
final class GaucSums {

  private double weighted;
  private long rows;
  private long users;

  /** Takes a user's rows, unless they are of one class, and clears the count for the next user. */
  void add(AucCount user) {
    if (user.hasBothClasses()) {
      weighted += user.rows() * user.value();
      rows += user.rows();
      users++;
    }
    user.clear();
  }

  /** Returns the rows of the users that were taken. */
  long rows() {
    return rows;
  }

  /** Returns how many users were taken. */
  long users() {
    return users;
  }

  /** Returns the weighted mean, or NaN if no user was taken. */
  double value() {
    return weighted / rows;
  }
}
