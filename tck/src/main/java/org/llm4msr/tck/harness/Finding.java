package org.llm4msr.tck.harness;

import java.io.Serial;
import java.util.Arrays;
import java.util.Locale;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.llm4msr.tck.RuleExtension;

/** What a rule found against a plugin; {@link RuleExtension} turns it into the whole failure. */
public final class Finding extends AssertionError {

  @Serial private static final long serialVersionUID = 1L;

  /** The largest difference that another order of float32 arithmetic may cause. */
  public static final float ROUNDING = 2e-5f;

  /** How often a plugin is asked: answers by chance are then alike once in 30,000 times. */
  public static final int CALLS = 16;

  private final String expected;
  private final String actual;

  /** Makes a finding from two phrases. */
  public Finding(String expected, String actual) {
    super("expected " + expected + ", but was " + actual);
    this.expected = expected;
    this.actual = actual;
  }

  /** Makes a finding from a phrase and an exception. */
  public Finding(String expected, Throwable actual) {
    this(expected, String.valueOf(actual.getMessage()));
    initCause(actual);
  }

  /** Returns what was expected. */
  public String expected() {
    return expected;
  }

  /** Returns what was found. */
  public String actual() {
    return actual;
  }

  /** Checks an exception that a rule expects; a finding then names it as its cause. */
  public static void about(Throwable seen, Runnable checks) {
    try {
      checks.run();
    } catch (Finding found) {
      found.initCause(seen);
      throw found;
    }
  }

  /** Throws a finding unless a condition holds. */
  public static void unless(boolean holds, String expected, @Nullable Object actual) {
    if (!holds) {
      throw new Finding(expected, String.valueOf(actual));
    }
  }

  /** Throws a finding unless two values are equal. */
  public static void unlessEqual(String description, Object expected, Object actual) {
    unless(expected.equals(actual), description + " " + expected, actual);
  }

  /** Throws a finding unless many calls give equal values. */
  public static void unlessSteady(String description, Supplier<?> call) {
    Object first = call.get();
    for (int i = 1; i < CALLS; i++) {
      unlessEqual(description + " at another call", first, call.get());
    }
  }

  /** Throws a finding if a value is not a finite number. */
  public static void unlessFinite(String description, float[] values) {
    for (int i = 0; i < values.length; i++) {
      unless(Float.isFinite(values[i]), description + " finite", values[i] + " at place " + i);
    }
  }

  /** Throws a finding if two numbers differ by more than rounding. */
  public static void unlessClose(String description, float expected, float actual) {
    float allowed = ROUNDING * Math.max(1, Math.abs(expected));
    unless(
        Math.abs(expected - actual) <= allowed,
        String.format(Locale.ROOT, "%s %s, give or take %.1g", description, expected, allowed),
        actual);
  }

  /** Throws a finding unless two arrays are equal to the last bit. */
  public static void unlessSame(String description, float[] expected, float[] actual) {
    int index = Arrays.mismatch(expected, actual);
    if (index >= 0) {
      throw new Finding(
          description + " the same to the last bit, " + at(expected, index), at(actual, index));
    }
  }

  private static String at(float[] values, int index) {
    return index < values.length ? values[index] + " at place " + index : values.length + " values";
  }
}
