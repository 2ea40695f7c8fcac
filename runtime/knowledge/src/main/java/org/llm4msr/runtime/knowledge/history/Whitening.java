package org.llm4msr.runtime.knowledge.history;

/**
 * Scales the components of vectors towards equal deviations, so that cosines do not only tell what
 * varies most. Between none (0) and all (1), where a cosine is that of Mahalanobis' space.
 *
 * @param factors one for each component
 */
@SuppressWarnings("ArrayRecordComponent") // Read-only by convention.
public record Whitening(float[] factors) {

  /**
   * Makes the factors deviation^-degree.
   *
   * @param deviations of the components; one that does not vary tells nothing and becomes 0
   * @param degree 0 to 1
   */
  public static Whitening of(float[] deviations, double degree) {
    float[] factors = new float[deviations.length];
    for (int k = 0; k < factors.length; k++) {
      factors[k] = deviations[k] > 0 || degree == 0 ? (float) Math.pow(deviations[k], -degree) : 0;
    }
    return new Whitening(factors);
  }

  /** Scales a vector in place and returns it. */
  public float[] apply(float[] vector) {
    for (int k = 0; k < vector.length; k++) {
      vector[k] *= factors[k];
    }
    return vector;
  }
}
