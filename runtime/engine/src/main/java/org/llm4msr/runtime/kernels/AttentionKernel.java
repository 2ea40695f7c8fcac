package org.llm4msr.runtime.kernels;

import org.llm4msr.runtime.kernels.AttentionBatch.Floats;

/**
 * Target attention over rows of a batch: each row's vectors e_j are added up, each times a weight
 * a(e_j, t), where a is a network over {@code [e_j, t, e_j - t, e_j * t]}. For one thread at a
 * time.
 */
public interface AttentionKernel {

  /** Makes the faster one of those that serve the sizes and the processor. */
  static AttentionKernel of(AttentionSizes sizes, AttentionWeights weights) {
    return FusedAttention.serves(sizes)
        ? new FusedAttention(sizes, weights)
        : new AttentionRows(sizes, weights);
  }

  /**
   * Returns how many numbers the vectors in memory are apart, at least D. If it is D, their
   * gradients may be written over them.
   */
  int stride();

  /** Returns what stands behind the D numbers of each vector. */
  float filler();

  /** Returns how many bytes of a vector are kept from the way there to the way back. */
  int signs();

  /** Writes weights and sums of the rows that have vectors. */
  void forward(AttentionBatch batch, int from, int to);

  /**
   * Computes gradients.
   *
   * @param dFlat the gradient of the flat input, to which that of the targets is added
   * @param ofVectors gets the gradients of the vectors, (N, D)
   * @param ofLearned zeros, get the gradient of what is learned over these rows
   */
  void backward(
      AttentionBatch batch,
      FloatMemory dFlat,
      Floats ofVectors,
      float[] ofLearned,
      int from,
      int to);
}
