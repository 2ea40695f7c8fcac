package org.llm4msr.runtime.knowledge.store;

/** Stored vectors of one level by key. Safe for use by several threads. */
public interface KnowledgeSource {

  /** Returns K. */
  int dimension();

  /**
   * Reads one vector.
   *
   * @param key the scenario's key, or the raw id of user or item
   * @param target (K), filled
   * @return false, with the target untouched, if there is none
   */
  boolean read(String key, float[] target);

  /** Returns the knowledge itself where this is a control that is read in its place. */
  default KnowledgeSource uncontrolled() {
    return this;
  }
}
