package org.llm4msr.api.data;

import org.llm4msr.api.Stability;

/** The tables that a reader can emit. */
@Stability(level = Stability.Level.STABLE, since = "0.1")
public enum RawTable {
  /** One row per impression, with its label. Every reader has it. */
  INTERACTIONS,
  /** One row per user. */
  USERS,
  /** One row per item. */
  ITEMS
}
