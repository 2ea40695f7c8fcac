package org.llm4msr.runtime.data.inspection;

import org.jspecify.annotations.Nullable;

/**
 * Whether one part of prepared data contains knowledge of another.
 *
 * @param name what was looked for
 * @param found how often it was found; null where it could not be looked for
 * @param meaning what was counted, or why it was not
 */
public record LeakCheck(String name, @Nullable Long found, String meaning) {

  /** Returns {@code ok}, {@code found} or {@code not checked}. */
  public String state() {
    return found == null ? "not checked" : found == 0 ? "ok" : "found";
  }
}
