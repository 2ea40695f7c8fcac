package org.llm4msr.runtime.knowledge.control;

import org.llm4msr.runtime.knowledge.store.KnowledgeSource;

/** What is read in place of the vectors of one level. */
interface Replacement {

  /**
   * Writes what a key reads.
   *
   * @param key has a vector in {@code source}
   * @param source the store, or one of the same level from before a period
   * @param target (K), filled
   */
  void read(String key, KnowledgeSource source, float[] target);
}
