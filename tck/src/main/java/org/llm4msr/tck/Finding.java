package org.llm4msr.tck;

import java.io.Serial;
import java.util.Arrays;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What a rule found against a plugin; {@link RuleExtension} makes the whole failure of it. */
public final class Finding extends AssertionError {

  @Serial private static final long serialVersionUID = 1L;

  /** What float32 arithmetic in another order may change. */
  public static final float ROUNDING = 2e-5f;

  private final String expected;
  private final String actual;

  /** Makes a finding of two phrases. */
  public Finding(String expected, String actual) {
    super("expected " + expected + ", but was " + actual);
    this.expected = expected;
    this.actual = actual;
  }

  /** Returns what was expected. */
  public String expected() {
    return expected;
  }

  /** Returns what was found. */
  public String actual() {
    return actual;
  }

  /** Throws a finding unless a condition holds. */
  public static void unless(boolean holds, String expected, @Nullable Object actual) {
    if (!holds) {
      throw new Finding(expected, String.valueOf(actual));
    }
  }

  /** Throws a finding unless two values are equal. */
  public static void unlessEqual(String what, Object expected, Object actual) {
    unless(expected.equals(actual), what + " " + expected, actual);
  }

  /** Throws a finding where a value is not a finite number. */
  public static void unlessFinite(String what, float[] values) {
    for (int i = 0; i < values.length; i++) {
      unless(Float.isFinite(values[i]), what + " finite", values[i] + " at place " + i);
    }
  }

  /** Throws a finding where two numbers differ by more than rounding does. */
  public static void unlessClose(String what, float expected, float actual) {
    float allowed = ROUNDING * Math.max(1, Math.abs(expected));
    unless(
        Math.abs(expected - actual) <= allowed,
        String.format(Locale.ROOT, "%s %s, give or take %.1g", what, expected, allowed),
        actual);
  }

  /** Throws a finding unless two arrays are equal to the last bit. */
  public static void unlessSame(String what, float[] expected, float[] actual) {
    int place = Arrays.mismatch(expected, actual);
    if (place >= 0) {
      throw new Finding(
          what + " the same to the last bit, " + at(expected, place), at(actual, place));
    }
  }

  private static String at(float[] values, int place) {
    return place < values.length ? values[place] + " at place " + place : values.length + " values";
  }
}
