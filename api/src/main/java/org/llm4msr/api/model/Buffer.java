package org.llm4msr.api.model;

import ai.djl.ndarray.NDArray;
import org.llm4msr.api.Stability;

/** State without gradient that is saved with the model: running statistics, cluster centres. */
@Stability(level = Stability.Level.STABLE, since = "0.1")
public interface Buffer {

  /** Returns the full name, stable over releases. */
  String name();

  /** Returns the current array. Never close it. */
  NDArray array();

  /** Copies new values of the same shape into it. Only in training. */
  void set(NDArray values);
}
