package org.llm4msr.runtime.knowledge.history;

import java.util.List;
import java.util.function.UnaryOperator;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.knowledge.past.EventLog;

/**
 * What a model reads of users' histories. Safe for use by several threads.
 *
 * @param vectors of the items by index
 * @param logs the positives; then the negatives if the layout has them
 * @param transform turns a vector as the language model gave it into one of the model, in an array
 *     of its own
 * @param lastPart the last part whose events are read, as {@link Split#number}
 */
public record ModelHistory(
    UnitVectors vectors,
    List<EventLog> logs,
    HistoryLayout layout,
    UnaryOperator<float[]> transform,
    int lastPart) {

  /** Makes a history that reads the events of all parts that a row may read. */
  public ModelHistory(
      UnitVectors vectors,
      List<EventLog> logs,
      HistoryLayout layout,
      UnaryOperator<float[]> transform) {
    this(vectors, logs, layout, transform, Split.TEST.number());
  }

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
