package org.llm4msr.api.model;

import org.llm4msr.api.Stability;

/** The three kinds of knowledge. */
@Stability(level = Stability.Level.STABLE, since = "0.1")
public enum Level {
  /** One vector per user: personal, across scenarios. */
  USER,
  /** One vector per scenario: general. */
  SCENARIO,
  /** One vector per item: what its text says. */
  ITEM
}
