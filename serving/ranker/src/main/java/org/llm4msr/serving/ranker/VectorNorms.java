package org.llm4msr.serving.ranker;

import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.knowledge.store.StoredLevel;

/**
 * The Euclidean norms of the vectors of one level that a bundle holds. Those of one language model
 * are alike, so that a vector far from them is of another, or was scaled.
 *
 * @param least of them, above zero
 * @param most of them
 */
public record VectorNorms(double least, double most) {

  private static final int READ = 10_000;
  private static final double FAR = 2;

  /** Reads up to {@value #READ} vectors; null if all of them are zero, or there is none. */
  static @Nullable VectorNorms of(StoredLevel stored) {
    double least = Double.POSITIVE_INFINITY;
    double most = 0;
    float[] vector = new float[stored.dimension()];
    int count = Math.min(READ, stored.size());
    for (int i = 0; i < count; i++) {
      stored.read((int) ((long) i * stored.size() / count), vector);
      double norm = norm(vector);
      least = norm > 0 ? Math.min(least, norm) : least;
      most = Math.max(most, norm);
    }
    return most > 0 ? new VectorNorms(least, most) : null;
  }

  /** Returns the norm of a vector. */
  public static double norm(float[] vector) {
    double sum = 0;
    for (float number : vector) {
      sum += (double) number * number;
    }
    return Math.sqrt(sum);
  }

  /** Returns what to say of a norm that is not near these; null for one that is. */
  public @Nullable String warning(double norm) {
    if (norm >= least / FAR && norm <= most * FAR) {
      return null;
    }
    return String.format(
        Locale.ROOT,
        "the norm of the vector is %.3g, and those in the bundle are from %.3g to %.3g. Is it of the same language model, and of its own scale?",
        norm,
        least,
        most);
  }
}
