package org.llm4msr.server.ranking;

/** Numbers of requests, of which some transports have doubles alone. */
public final class RequestNumbers {

  /** Beyond it, a double does not hold each whole number. */
  private static final double LARGEST_WHOLE = 0x1p53;

  private RequestNumbers() {}

  /** Returns whether a number, such as 17.0, is a whole one without doubt. */
  public static boolean isWhole(double number) {
    return number == Math.rint(number) && Math.abs(number) <= LARGEST_WHOLE;
  }

  /** Returns a finite number as the whole one that it is, else as it is. */
  public static Object of(double number) {
    return isWhole(number) ? (Object) (long) number : (Object) number;
  }
}
