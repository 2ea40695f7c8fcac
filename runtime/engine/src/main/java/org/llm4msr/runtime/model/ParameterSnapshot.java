package org.llm4msr.runtime.model;

import java.util.Map;
import java.util.Set;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;

/** A copy of the values of all parameters and buffers of a model, by full name, row-major. */
public final class ParameterSnapshot {

  private final String source;
  private final Map<String, float[]> values;

  /** Makes a snapshot of values, which it takes over. */
  public ParameterSnapshot(Map<String, float[]> values) {
    this("The snapshot", values);
  }

  /**
   * Makes a snapshot as above.
   *
   * @param source what errors name, such as a file
   */
  public ParameterSnapshot(String source, Map<String, float[]> values) {
    this.source = source;
    this.values = Map.copyOf(values);
  }

  /** Returns the names. */
  public Set<String> names() {
    return values.keySet();
  }

  /**
   * Returns the values of one array, not copied.
   *
   * @throws MsrException of type DATA where there is none of that size
   */
  public float[] values(String name, int size) {
    float[] found = values.get(name);
    if (found == null || found.length != size) {
      throw new MsrException(
          ErrorType.DATA,
          "model/PARAMETERS_DIFFER",
          "%s holds %s of %s, the model has %d. Load it with the configuration, and the plugins, that it was saved with."
              .formatted(source, found == null ? "nothing" : found.length + " values", name, size));
    }
    return found;
  }
}
