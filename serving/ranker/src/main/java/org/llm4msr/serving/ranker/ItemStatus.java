package org.llm4msr.serving.ranker;

/** What became of an item of a request. */
public enum ItemStatus {
  /** Scored. */
  SCORED,
  /** Scored, although the model does not know the item. */
  UNKNOWN,
  /** Not scored, because a value of it cannot be read. */
  MALFORMED
}
