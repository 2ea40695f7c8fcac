package org.llm4msr.serving.recording;

import java.math.BigInteger;
import java.util.Arrays;

/**
 * Tells, from two recordings of different numbers of rows, which numbers are constants and which
 * are multiples of the rows. The numbers of rows are primes, larger than what models compare them
 * with.
 *
 * @param first rows of the first recording
 * @param second rows of the second
 */
record Sizes(int first, int second) {

  /** No model has so few rows that it computes them in another way. */
  private static final int FEW = 96;

  /** Returns the first two primes above a number and above what is few. */
  static Sizes above(int number) {
    BigInteger first = BigInteger.valueOf(Math.max(number, FEW)).nextProbablePrime();
    return new Sizes(first.intValueExact(), first.nextProbablePrime().intValueExact());
  }

  /**
   * A number that is known before a run, or that many times its rows.
   *
   * @param times 0 where it is known
   */
  record Size(long value, long times) {

    boolean isKnown() {
      return times == 0;
    }
  }

  /** Returns what a number of one recording and its counterpart in the other have in common. */
  Size of(long one, long other) {
    if (one == other) {
      return new Size(one, 0);
    }
    if (one % first == 0 && other % second == 0 && one / first == other / second) {
      return new Size(0, one / first);
    }
    throw Refusal.ofPass(
        "has a size that no graph has: %d for %d rows, %d for %d."
            .formatted(one, first, other, second),
        "Append nothing to the axis of the rows, and cut nothing off.");
  }

  Size[] of(long[] ones, long[] others) {
    if (ones.length != others.length) {
      throw Refusal.ofPass(
          "has arrays whose number of axes depends on the rows.",
          "Reshape to the same number of axes for any number of rows.");
    }
    Size[] sizes = new Size[ones.length];
    Arrays.setAll(sizes, i -> of(ones[i], others[i]));
    return sizes;
  }
}
