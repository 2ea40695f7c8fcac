package org.llm4msr.runtime.knowledge.control;

import java.util.Random;
import org.llm4msr.runtime.knowledge.store.KnowledgeSource;
import org.llm4msr.runtime.knowledge.vectors.KnowledgeStatistics;

/** Numbers that a key alone determines, with the mean and deviation of each dimension. */
record Gaussian(KnowledgeStatistics statistics, KeySeeds seeds) implements Replacement {

  @Override
  public void read(String key, KnowledgeSource source, float[] target) {
    Random random = new Random(seeds.of(key));
    for (int d = 0; d < target.length; d++) {
      target[d] =
          (float) (statistics.mean()[d] + statistics.deviation()[d] * random.nextGaussian());
    }
  }
}
