package org.llm4msr.runtime.knowledge.history;

import java.util.List;
import java.util.function.UnaryOperator;

/**
 * What a model reads of users' histories. Safe for use by several threads.
 *
 * @param vectors of the items by index
 * @param logs the positives; then the negatives if the layout has them
 * @param transform turns a vector as the language model gave it into one of the model, in an array
 *     of its own
 */
public record ModelHistory(
    UnitVectors vectors,
    List<EventLog> logs,
    HistoryLayout layout,
    UnaryOperator<float[]> transform) {

  public ModelHistory {
    logs = List.copyOf(logs);
    if (logs.size() != layout.labels()) {
      throw new IllegalArgumentException(
          "%s needs %d logs, not %d".formatted(layout, layout.labels(), logs.size()));
    }
  }

  /** Returns the direction of a vector as the language model gave it. */
  float[] unit(float[] given) {
    float[] vector = transform.apply(given);
    UnitVectors.scale(vector, 0, vector.length);
    return vector;
  }
}
