package org.llm4msr.server.access;

/** What somebody may do. */
public enum Role {
  /** Ask for rankings. */
  RANK,
  /** Read metrics, models and vectors. */
  READ,
  /** All, also change what is served. */
  OPERATE
}
