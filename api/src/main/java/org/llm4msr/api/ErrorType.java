package org.llm4msr.api;

/** Whose error it is, which says who can fix it. */
@Stability(level = Stability.Level.STABLE, since = "0.1")
public enum ErrorType {
  /** A wrong configuration or command. */
  USER,
  /** Input data that is missing, malformed or does not match its schema. */
  DATA,
  /** A plugin that breaks its contract or is packaged wrongly. */
  PLUGIN,
  /** A service or file outside the process; a retry may help. */
  EXTERNAL,
  /** Memory, disk, descriptors or time ran out. */
  RESOURCES,
  /** A fault of llm4msr. */
  INTERNAL
}
