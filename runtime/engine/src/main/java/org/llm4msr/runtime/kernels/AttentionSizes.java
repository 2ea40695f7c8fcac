package org.llm4msr.runtime.kernels;

import java.util.List;
import org.llm4msr.api.model.Activation;

/**
 * Sizes of the target attention of a sequence.
 *
 * @param width D, of the vectors
 * @param length L, the most vectors of a row
 * @param layers the widths of the layers, the last of which is 1
 * @param activation of all layers but the last, one of those that {@link Epilogue} has
 * @param softmax whether the weights of a row add up to 1
 */
public record AttentionSizes(
    int width, int length, List<Integer> layers, Activation activation, boolean softmax) {

  /** How many vectors a chunk of rows has at most, so that it stays in a core's cache. */
  private static final int VECTORS = 1024;

  /** Into how many blocks rows are cut at most; each has sums of its own. */
  private static final int BLOCKS = 64;

  private static final int LEAST_CHUNKS = 4;

  public AttentionSizes {
    layers = List.copyOf(layers);
  }

  int last() {
    return layers.size() - 1;
  }

  /** Returns the columns of the first layer. */
  int first() {
    return layers.get(0);
  }

  /** Returns how many numbers a row's matrix has, (D + 1, H). */
  int matrix() {
    return (width + 1) * first();
  }

  /** Returns how many rows a chunk has at most. */
  int rowsOfChunk() {
    return Math.max(1, VECTORS / length);
  }

  /** Returns how many rows a block has, which does not depend on threads; chunks divide it. */
  public int rowsOfBlock(int rows) {
    int chunks = (rows + rowsOfChunk() - 1) / rowsOfChunk();
    return rowsOfChunk() * Math.max(LEAST_CHUNKS, (chunks + BLOCKS - 1) / BLOCKS);
  }

  /** Returns where the weights of a layer begin among all that is learned. */
  int weights(int layer) {
    int at = 0;
    for (int i = 0; i < layer; i++) {
      at += i == 0 ? 4 * width * first() : (layers.get(i - 1) + 1) * layers.get(i);
    }
    return at;
  }

  /** Returns where the biases of a layer after the first begin among all that is learned. */
  int biases(int layer) {
    return weights(layer) + layers.get(layer - 1) * layers.get(layer);
  }

  /** Returns how many numbers are learned; the first layer has 4 D H, its biases among them. */
  public int learned() {
    return weights(layers.size());
  }
}
