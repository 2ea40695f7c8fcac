package org.llm4msr.runtime.compare;

import java.util.List;
import org.llm4msr.runtime.config.AnyValue;

/**
 * What varies along one side of the grid.
 *
 * @param key key of an experiment, for example {@code model.backbone}
 * @param title heading in tables
 */
record Axis(String key, String title, List<AnyValue> values) {

  Axis {
    values = List.copyOf(values);
  }

  /** Returns the value as an override of an experiment. */
  String override(int value) {
    return key + "=" + values.get(value).yaml();
  }

  /** Returns whether other values ask for other prepared data or another knowledge store. */
  boolean needsWorkspace() {
    return key.startsWith("dataset.") || key.startsWith("knowledge.");
  }
}
