package org.llm4msr.api.model;

import ai.djl.ndarray.NDArray;
import org.llm4msr.api.Stability;

/** A trained array. The runtime owns it: it initialises, updates, saves and closes it. */
@Stability(level = Stability.Level.STABLE, since = "0.1")
public interface Parameter {

  /** Returns the full name, stable over releases, for example {@code backbone/tower.0/weight}. */
  String name();

  /** Returns the array of the current step. Fetch it again in every call; never close it. */
  NDArray array();
}
