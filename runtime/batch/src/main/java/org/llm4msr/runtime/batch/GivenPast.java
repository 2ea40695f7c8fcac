package org.llm4msr.runtime.batch;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The past of a user that came with a row, in place of what was logged. Newest first.
 *
 * @param items indices
 * @param scenarios ranks; -1 where it is not known
 * @param labels of each event by the model's usual label: 1, 0, or -1 where it is not known
 * @param others likewise by the other labels by which the model goes, by their names
 */
@SuppressWarnings("ArrayRecordComponent") // Handed on, never compared.
public record GivenPast(int[] items, int[] scenarios, byte[] labels, Map<String, byte[]> others) {

  /** Takes events of one label, which is known of each. */
  public GivenPast(int[] items, int[] scenarios, boolean[] positives) {
    this(items, scenarios, labels(positives), Map.of());
  }

  private static byte[] labels(boolean[] positives) {
    byte[] labels = new byte[positives.length];
    for (int event = 0; event < labels.length; event++) {
      labels[event] = (byte) (positives[event] ? 1 : 0);
    }
    return labels;
  }

  /** Returns each event by a label: 1, 0 or -1; by the usual one for null. */
  public byte[] labels(@Nullable String label) {
    return label == null ? labels : others.getOrDefault(label, labels);
  }
}
