package org.llm4msr.plugins.llm.decoder;

/** Masks of the tokens that others do not see. */
final class Masks {

  /** Far below every score, yet finite: a row of infinities would give NaN. */
  private static final float HIDDEN = -1e30f;

  private Masks() {}

  /**
   * Returns the values to add to scores, so that the last {@code queries} of {@code seen} tokens do
   * not see what comes later or lies outside the window.
   *
   * @param window how many tokens, including itself, a token sees; 0: all up to itself
   * @return (queries, seen), or an empty array if nothing is hidden
   */
  static float[] values(int queries, int seen, int window) {
    if (queries == 1 && (window == 0 || seen <= window)) {
      return new float[0];
    }
    float[] values = new float[queries * seen];
    for (int query = 0; query < queries; query++) {
      int own = seen - queries + query;
      for (int token = 0; token < seen; token++) {
        if (token > own || (window > 0 && own - token >= window)) {
          values[query * seen + token] = HIDDEN;
        }
      }
    }
    return values;
  }
}
