package org.llm4msr.benchmarks;

import java.util.SplittableRandom;
import org.llm4msr.runtime.knowledge.store.KnowledgeSource;

/** Knowledge of standard normal numbers, the same for the same key. */
record RandomVectors(int dimension) implements KnowledgeSource {

  @Override
  public boolean read(String key, float[] target) {
    SplittableRandom random = new SplittableRandom(key.hashCode());
    for (int d = 0; d < dimension; d++) {
      target[d] = (float) random.nextGaussian();
    }
    return true;
  }
}
