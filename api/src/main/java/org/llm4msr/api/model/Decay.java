package org.llm4msr.api.model;

import org.llm4msr.api.Stability;

/** Whether the configured L2 regularisation applies to a parameter. */
@Stability(level = Stability.Level.STABLE, since = "0.1")
public enum Decay {
  /** For weights. */
  YES,
  /** For biases, scales of norms, and single scalars such as alpha. */
  NO
}
