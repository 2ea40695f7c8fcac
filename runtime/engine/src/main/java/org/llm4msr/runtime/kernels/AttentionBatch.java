package org.llm4msr.runtime.kernels;

import java.nio.FloatBuffer;

/**
 * What the target attention of a sequence reads of a batch and writes for it.
 *
 * @param rows B
 * @param offsets the vectors of row r are those from {@code offsets[r]} to {@code offsets[r + 1] -
 *     1}
 * @param vectors (N, D), each at {@link AttentionKernel#stride}
 * @param weights gets the weight of each vector, (N)
 * @param signs gets {@link AttentionKernel#signs} bytes a vector, kept for the way back
 * @param flat (B, n)
 * @param columns n
 * @param target the first column of the target
 * @param pooled the first column that gets the sum
 */
@SuppressWarnings("ArrayRecordComponent") // Reused buffers.
public record AttentionBatch(
    int rows,
    int[] offsets,
    Floats vectors,
    Floats weights,
    FloatMemory signs,
    Floats flat,
    int columns,
    int target,
    int pooled) {

  /** Numbers outside the heap, and where they lie. */
  public record Floats(FloatBuffer numbers, long address) {

    long at(long number) {
      return address + number * Float.BYTES;
    }
  }

  /** Returns how many vectors come before those of a row. */
  int start(int row) {
    return offsets[row];
  }

  /** Returns how many vectors a row has. */
  int count(int row) {
    return offsets[row + 1] - offsets[row];
  }

  /** Returns how many of some rows have vectors. */
  int filled(int from, int to) {
    int filled = 0;
    for (int row = from; row < to; row++) {
      filled += count(row) > 0 ? 1 : 0;
    }
    return filled;
  }

  /** Replaces the weights of each of some rows by their softmax. */
  void softmax(int from, int to) {
    FloatBuffer numbers = weights.numbers();
    for (int row = from; row < to; row++) {
      float largest = Float.NEGATIVE_INFINITY;
      for (int i = offsets[row]; i < offsets[row + 1]; i++) {
        largest = Math.max(largest, numbers.get(i));
      }
      float sum = 0;
      for (int i = offsets[row]; i < offsets[row + 1]; i++) {
        float power = (float) Math.exp(numbers.get(i) - largest);
        numbers.put(i, power);
        sum += power;
      }
      for (int i = offsets[row]; i < offsets[row + 1]; i++) {
        numbers.put(i, numbers.get(i) / sum);
      }
    }
  }
}
