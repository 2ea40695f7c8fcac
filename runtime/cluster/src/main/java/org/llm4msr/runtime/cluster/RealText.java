package org.llm4msr.runtime.cluster;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Writes real numbers as preparation does with {@code SqlText.ofReal}: as the whole number if it is
 * one, else with the fewest digits, which DuckDB writes with an exponent below 1e-4 and from 1e16
 * on.
 */
final class RealText {

  /** Below this, a real number tells which whole number it was. */
  private static final double EXACT = 1L << 53;

  private static final int LEAST_PLAIN = -4;
  private static final int MOST_PLAIN = 15;

  private RealText() {}

  /** Returns the text of a {@code Double} or a {@code Float}; null for NaN. */
  static @Nullable String of(Number number) {
    double value = number.doubleValue();
    if (Double.isNaN(value)) {
      return null;
    }
    if (Double.isInfinite(value)) {
      return value > 0 ? "inf" : "-inf";
    }
    if (value == Math.rint(value) && Math.abs(value) < EXACT) {
      return Long.toString((long) value);
    }
    BigDecimal digits = new BigDecimal(number.toString()).stripTrailingZeros();
    int exponent = digits.precision() - digits.scale() - 1;
    return exponent < LEAST_PLAIN || exponent > MOST_PLAIN
        ? scientific(digits.unscaledValue(), exponent)
        : digits.toPlainString() + (digits.scale() > 0 ? "" : ".0");
  }

  private static String scientific(BigInteger unscaled, int exponent) {
    String all = unscaled.abs().toString();
    String rest = all.length() > 1 ? "." + all.substring(1) : "";
    return String.format(
        Locale.ROOT,
        "%s%s%se%s%02d",
        unscaled.signum() < 0 ? "-" : "",
        all.charAt(0),
        rest,
        exponent < 0 ? "-" : "+",
        Math.abs(exponent));
  }
}
