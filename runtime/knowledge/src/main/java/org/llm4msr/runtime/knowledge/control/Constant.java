package org.llm4msr.runtime.knowledge.control;

import org.llm4msr.runtime.knowledge.store.KnowledgeSource;

/** The same for all keys. */
@SuppressWarnings("ArrayRecordComponent") // Read-only by convention; never compared.
record Constant(float[] vector) implements Replacement {

  @Override
  public void read(String key, KnowledgeSource source, float[] target) {
    System.arraycopy(vector, 0, target, 0, vector.length);
  }
}
