package org.llm4msr.runtime.tables;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The past of a user that came with a row, in place of what was logged. Newest first.
 *
 * @param items indices
 * @param scenarios ranks; -1 where it is not known
 * @param positives whether the label of each event was 1
 * @param others whether further labels were 1, by their names
 */
@SuppressWarnings("ArrayRecordComponent") // Handed on, never compared.
public record GivenPast(
    int[] items, int[] scenarios, boolean[] positives, Map<String, boolean[]> others) {

  /** Takes events of one label. */
  public GivenPast(int[] items, int[] scenarios, boolean[] positives) {
    this(items, scenarios, positives, Map.of());
  }

  /** Returns whether a label of each event was 1; the one label that came where it did not. */
  public boolean[] positives(@Nullable String label) {
    return label == null ? positives : others.getOrDefault(label, positives);
  }
}
