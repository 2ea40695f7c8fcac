package org.llm4msr.runtime.training;

import java.nio.FloatBuffer;
import java.util.Map;
import java.util.TreeMap;
import org.llm4msr.runtime.model.DenseParameter;
import org.llm4msr.runtime.model.ParameterStore;

/** Values of the parameters that a model watches. */
final class WatchedValues {

  private WatchedValues() {}

  /** Returns them as they are now by name, numbered where a parameter has several. */
  static Map<String, Float> of(ParameterStore store) {
    Map<String, Float> values = new TreeMap<>();
    for (DenseParameter parameter : store.watched()) {
      FloatBuffer buffer = parameter.values();
      for (int i = 0; i < parameter.size(); i++) {
        String number = parameter.size() == 1 ? "" : "/" + i;
        values.put(parameter.name() + number, buffer.get(i));
      }
    }
    return values;
  }
}
