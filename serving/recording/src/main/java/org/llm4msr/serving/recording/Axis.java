package org.llm4msr.serving.recording;

import org.jspecify.annotations.Nullable;

/**
 * An axis of what a graph reads or gives.
 *
 * @param size how long it is; ignored where it is free
 * @param name of a free axis, which is as long as a run has it; null for another
 */
public record Axis(long size, @Nullable String name) {

  /** The rows of a request. */
  public static final Axis ROWS = free("rows");

  /** Returns an axis of a known length. */
  public static Axis of(long size) {
    return new Axis(size, null);
  }

  /** Returns an axis that is as long as a run has it; equal names mean equal lengths. */
  public static Axis free(String name) {
    return new Axis(-1, name);
  }
}
