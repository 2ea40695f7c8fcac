package org.llm4msr.runtime.knowledge.vectors;

import java.util.Arrays;
import org.llm4msr.runtime.knowledge.store.KnowledgeSource;

/**
 * Standardised vectors as coordinates along principal components, with one factor that makes their
 * root mean square 1, which the initial values of meta networks assume.
 *
 * @param deviations (r) of the coordinates
 */
@SuppressWarnings("ArrayRecordComponent") // Read-only by convention.
record ReducedKnowledge(
    KnowledgeStatistics statistics,
    PrincipalComponents components,
    float factor,
    float[] deviations)
    implements KnowledgeTransform {

  /** Mean squares of what rounding leaves of equal vectors, of deviation 1. */
  private static final double NOISE = 1e-6;

  /** Takes the factor from the keys that have a vector. */
  static ReducedKnowledge of(
      KnowledgeStatistics statistics,
      PrincipalComponents components,
      KnowledgeSource source,
      Iterable<String> keys) {
    double[] squares = new double[components.count()];
    long count = 0;
    float[] vector = new float[source.dimension()];
    for (String key : keys) {
      if (source.read(key, vector)) {
        float[] coordinates = components.project(statistics.apply(vector));
        for (int k = 0; k < coordinates.length; k++) {
          squares[k] += (double) coordinates[k] * coordinates[k];
        }
        count++;
      }
    }
    double meanSquare = Arrays.stream(squares).sum() / Math.max(1, count * squares.length);
    double factor = meanSquare <= NOISE ? 1 : 1 / Math.sqrt(meanSquare);
    float[] deviations = new float[squares.length];
    for (int k = 0; k < deviations.length; k++) {
      deviations[k] = (float) (factor * Math.sqrt(squares[k] / Math.max(1, count)));
    }
    return new ReducedKnowledge(statistics, components, (float) factor, deviations);
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
