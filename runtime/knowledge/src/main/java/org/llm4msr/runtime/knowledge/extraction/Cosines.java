package org.llm4msr.runtime.knowledge.extraction;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** How alike vectors are. */
public final class Cosines {

  private Cosines() {}

  /** Returns the cosine between two vectors of one size; 0 where one is zero. */
  public static double of(float[] a, float[] b) {
    double norms = Math.sqrt(product(a, a)) * Math.sqrt(product(b, b));
    return norms == 0 ? 0 : product(a, b) / norms;
  }

  /**
   * Returns the cosines of all pairs, by row and column.
   *
   * @param vectors null where there is none; the cosines of a missing or zero vector are null
   */
  public static List<List<@Nullable Double>> ofPairs(List<float @Nullable []> vectors) {
    List<List<@Nullable Double>> rows = new ArrayList<>();
    for (float[] a : vectors) {
      List<@Nullable Double> row = new ArrayList<>();
      for (float[] b : vectors) {
        row.add(hasDirection(a) && hasDirection(b) ? (Double) of(a, b) : null);
      }
      rows.add(row);
    }
    return rows;
  }

  private static boolean hasDirection(float @Nullable [] vector) {
    return vector != null && product(vector, vector) > 0;
  }

  static double product(float[] a, float[] b) {
    double product = 0;
    for (int k = 0; k < a.length; k++) {
      product += (double) a[k] * b[k];
    }
    return product;
  }
}
