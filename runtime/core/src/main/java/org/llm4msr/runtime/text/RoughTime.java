package org.llm4msr.runtime.text;

import java.util.Locale;

/** Lengths of time in words. */
public final class RoughTime {

  private RoughTime() {}

  /** Returns a time in minutes, or in hours from two on. */
  public static String of(double seconds) {
    long minutes = Math.round(seconds / 60);
    return minutes < 1
        ? "less than a minute"
        : minutes < 120 ? minutes + " min" : String.format(Locale.ROOT, "%.1f h", seconds / 3600);
  }
}
