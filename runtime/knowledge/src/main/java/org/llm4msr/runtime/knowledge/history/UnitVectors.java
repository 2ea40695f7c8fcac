package org.llm4msr.runtime.knowledge.history;

import java.util.Arrays;
import java.util.BitSet;

/**
 * Vectors of items by index, scaled to length 1, so that a product of two is their cosine. An item
 * whose vector is zero has no direction and counts as one without a vector.
 */
public final class UnitVectors {

  /** How many floats a processor fetches at a time. */
  private static final int LINE = 16;

  private final float[] values; // (items, C)
  private final int dimension;
  private final boolean[] known;

  /**
   * Takes vectors over.
   *
   * @param matrix (items, C), row after row; scaled here, and belongs to this from now on
   * @param dimension C
   * @param known the items that have one
   */
  public UnitVectors(float[] matrix, int dimension, BitSet known) {
    this.dimension = dimension;
    values = matrix;
    this.known = new boolean[matrix.length / dimension];
    for (int item = known.nextSetBit(0); item >= 0; item = known.nextSetBit(item + 1)) {
      this.known[item] = scale(values, offset(item), offset(item + 1));
    }
  }

  /** Returns C. */
  public int dimension() {
    return dimension;
  }

  /** Returns whether an item has a vector. */
  public boolean has(int item) {
    return item < known.length && known[item];
  }

  /** Returns all vectors, row after row. */
  float[] values() {
    return values;
  }

  /** Scales a vector to length 1 in place; returns false if it has no direction. */
  static boolean scale(float[] vector, int from, int to) {
    double squares = 0;
    for (int at = from; at < to; at++) {
      squares += (double) vector[at] * vector[at];
    }
    double factor = squares > 0 ? 1 / Math.sqrt(squares) : 0;
    for (int at = from; at < to; at++) {
      vector[at] = (float) (vector[at] * factor);
    }
    return squares > 0;
  }

  /** Returns where an item's vector begins. */
  int offset(int item) {
    return item * dimension;
  }

  /**
   * Brings several vectors near the processor, which then waits for all at a time: it reads a float
   * of each line of memory, event by event. {@link #products} alone waits for every four.
   *
   * @return a sum of what was read, to be kept, or the compiler leaves the reads out
   */
  float fetch(int[] offsets, int count) {
    float[] v = values;
    int last = dimension - 1;
    float sum = 0;
    for (int d = 0; d < dimension; d += 4 * LINE) {
      int second = Math.min(d + LINE, last);
      int third = Math.min(d + 2 * LINE, last);
      int fourth = Math.min(d + 3 * LINE, last);
      int end = Math.min(d + 4 * LINE, last); // Arrays do not begin where lines do.
      for (int i = 0; i < count; i++) {
        int at = offsets[i];
        sum += v[at + d] + v[at + second] + v[at + third] + v[at + fourth] + v[at + end];
      }
    }
    return sum;
  }

  /** Returns how much room {@link #products} needs for so many. */
  static int padded(int count) {
    return (count + 3) / 4 * 4;
  }

  /**
   * Multiplies one vector with several, four at a time: one sum alone would wait for each of its
   * additions. Each product has the order of the elements, whatever its place.
   *
   * @param one holds the one
   * @param offset where it begins
   * @param offsets where the others begin in {@link #values}; what is behind them is overwritten
   * @param products one for each of {@link #padded}
   */
  void products(float[] one, int offset, int[] offsets, int count, float[] products) {
    Arrays.fill(offsets, count, padded(count), 0);
    float[] v = values;
    for (int i = 0; i < count; i += 4) {
      int a = offsets[i];
      int b = offsets[i + 1];
      int c = offsets[i + 2];
      int e = offsets[i + 3];
      float sumA = 0;
      float sumB = 0;
      float sumC = 0;
      float sumE = 0;
      for (int d = 0; d < dimension; d++) {
        float x = one[offset + d];
        sumA += x * v[a + d];
        sumB += x * v[b + d];
        sumC += x * v[c + d];
        sumE += x * v[e + d];
      }
      products[i] = sumA;
      products[i + 1] = sumB;
      products[i + 2] = sumC;
      products[i + 3] = sumE;
    }
  }
}
