package org.llm4msr.runtime.training;

import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;

/**
 * Where the time of training steps goes. MXNet and GPUs compute asynchronously: most of their time
 * shows up as backward.
 */
final class StepTimes {

  /** A part of a step. */
  public enum Part {
    /** Gather and forward pass. */
    FORWARD,
    /** Backward pass. */
    BACKWARD,
    /** Reading the input's gradient, merging it, and updating rows. */
    TABLES,
    /** Reading dense gradients and updating dense parameters. */
    DENSE,
    /** Closing arrays. */
    CLEANUP
  }

  private final Map<Part, Long> nanos = new EnumMap<>(Part.class);
  private long mark;
  private long steps;

  void start() {
    mark = System.nanoTime();
  }

  void end(Part part) {
    long now = System.nanoTime();
    nanos.merge(part, now - mark, Long::sum);
    mark = now;
  }

  void stepDone() {
    steps++;
  }

  /** Returns the mean of a part, in milliseconds a step. */
  public double millis(Part part) {
    return steps == 0 ? 0 : nanos.getOrDefault(part, 0L) / 1e6 / steps;
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    for (Part part : Part.values()) {
      text.append("%s %.1f ".formatted(part.name().toLowerCase(Locale.ROOT), millis(part)));
    }
    return text.append("ms").toString();
  }
}
