package org.llm4msr.plugins.llm;

/** Small operations on vectors. */
public final class Vectors {

  private Vectors() {}

  /** Scales to Euclidean length 1; leaves the zero vector as it is. */
  public static void normalize(float[] vector) {
    double squares = 0;
    for (float value : vector) {
      squares += (double) value * value;
    }
    if (squares == 0) {
      return;
    }
    double scale = 1 / Math.sqrt(squares);
    for (int i = 0; i < vector.length; i++) {
      vector[i] = (float) (vector[i] * scale);
    }
  }
}
