package org.llm4msr.runtime.knowledge.vectors;

import org.llm4msr.runtime.knowledge.store.KnowledgeSource;

/** Knowledge of nobody. */
record NoVectors(int dimension) implements KnowledgeSource {

  @Override
  public boolean read(String key, float[] target) {
    return false;
  }
}
