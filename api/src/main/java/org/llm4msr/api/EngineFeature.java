package org.llm4msr.api;

/**
 * Features that not every tensor engine supports. An engine without one of these refuses and names
 * it.
 */
@Stability(level = Stability.Level.UNSTABLE, since = "0.1")
public enum EngineFeature {
  /** Reading elements by an index array, with gradient, along any axis. */
  GATHER,
  /** Adding into elements by an index array. */
  SCATTER,
  /** The k largest elements. */
  TOP_K,
  /** Sixteen-bit brain floats. */
  BFLOAT16,
  /** Running generated script methods. */
  SCRIPT
}
