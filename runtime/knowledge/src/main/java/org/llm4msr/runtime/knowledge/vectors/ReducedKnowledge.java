package org.llm4msr.runtime.knowledge.vectors;

import org.llm4msr.runtime.knowledge.store.KnowledgeSource;

/**
 * Standardised vectors as coordinates along principal components, with one factor that makes their
 * root mean square 1, which the initial values of meta networks assume.
 */
record ReducedKnowledge(
    KnowledgeStatistics statistics, PrincipalComponents components, float factor)
    implements KnowledgeTransform {

  /** Mean squares of what rounding leaves of equal vectors, of deviation 1. */
  private static final double NOISE = 1e-6;

  /** Takes the factor from the keys that have a vector. */
  static ReducedKnowledge of(
      KnowledgeStatistics statistics,
      PrincipalComponents components,
      KnowledgeSource source,
      Iterable<String> keys) {
    double squares = 0;
    long count = 0;
    float[] vector = new float[source.dimension()];
    for (String key : keys) {
      if (source.read(key, vector)) {
        for (float x : components.project(statistics.apply(vector))) {
          squares += (double) x * x;
        }
        count += components.count();
      }
    }
    double factor = squares <= NOISE * count ? 1 : 1 / Math.sqrt(squares / count);
    return new ReducedKnowledge(statistics, components, (float) factor);
  }

  @Override
  public int dimension() {
    return components.count();
  }

  @Override
  public float[] apply(float[] vector) {
    float[] coordinates = components.project(statistics.apply(vector));
    for (int k = 0; k < coordinates.length; k++) {
      coordinates[k] *= factor;
    }
    return coordinates;
  }
}
