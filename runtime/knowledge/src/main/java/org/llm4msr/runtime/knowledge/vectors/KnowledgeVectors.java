package org.llm4msr.runtime.knowledge.vectors;

import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.knowledge.history.UnitVectors;
import org.llm4msr.runtime.knowledge.history.Whitening;
import org.llm4msr.runtime.knowledge.store.KnowledgeSource;

/**
 * Knowledge of one level as models read it: by index, standardised, in memory. LLM states have a
 * few dimensions that are a hundred times larger than the rest; unless standardised, they drown all
 * others.
 */
final class KnowledgeVectors {

  /** Of one array. */
  private static final int MOST_NUMBERS = Integer.MAX_VALUE - 8;

  private final int dimension;
  private final float[][] vectors;
  private final BitSet known;

  private KnowledgeVectors(int dimension, float[][] vectors, BitSet known) {
    this.dimension = dimension;
    this.vectors = vectors;
    this.known = known;
  }

  /**
   * Loads the vectors of keys, transformed. After the last comes one more, for unknown keys.
   *
   * @param unknown what a key without a vector has, transformed
   */
  static KnowledgeVectors load(
      KnowledgeSource source, List<String> keys, KnowledgeTransform transform, float[] unknown) {
    float[][] vectors = new float[keys.size() + 1][];
    Arrays.fill(vectors, unknown);
    BitSet known = new BitSet();
    float[] vector = new float[source.dimension()];
    for (int i = 0; i < keys.size(); i++) {
      if (source.read(keys.get(i), vector)) {
        vectors[i] = transform.apply(vector);
        vector = new float[source.dimension()];
        known.set(i);
      }
    }
    return new KnowledgeVectors(transform.dimension(), vectors, known);
  }

  /** Returns how many there are. */
  int size() {
    return vectors.length;
  }

  /**
   * Returns the directions of the whitened vectors that are not filled in.
   *
   * @throws MsrException if they do not fit in one array
   */
  UnitVectors units(Whitening whitening) {
    if ((long) vectors.length * dimension > MOST_NUMBERS) {
      throw new MsrException(
          ErrorType.RESOURCES,
          "knowledge/HISTORY_SIZE",
          "knowledge.history reads %,d vectors of %,d numbers each, and at most %,d numbers fit. Set knowledge.components, for example to 64."
              .formatted(vectors.length, dimension, MOST_NUMBERS));
    }
    float[] matrix = new float[vectors.length * dimension];
    for (int index = 0; index < vectors.length; index++) {
      System.arraycopy(
          whitening.apply(vectors[index].clone()), 0, matrix, index * dimension, dimension);
    }
    return new UnitVectors(matrix, dimension, known);
  }

  /** Returns how many have a vector of their own. */
  int knownCount() {
    return known.cardinality();
  }

  /** Returns whether an index has a vector of its own. */
  boolean isKnown(int index) {
    return known.get(index);
  }

  /** Writes one vector to row {@code row} of (n, K). */
  void copy(int index, FloatBuffer target, int row) {
    target.put(row * dimension, vectors[index], 0, dimension);
  }
}
