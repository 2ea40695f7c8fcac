package org.llm4msr.runtime.knowledge.vectors;

/** From where a row has the vector that it reads; the first one that has any counts. */
public enum VectorLink {
  /** The row brought it. */
  GIVEN,
  /** It counts in place of what is stored. */
  FRESH,
  /** It is stored, for a row that trains from before its period. */
  STORED,
  /** There is none, so that the row reads what all such rows read. */
  MISSING
}
