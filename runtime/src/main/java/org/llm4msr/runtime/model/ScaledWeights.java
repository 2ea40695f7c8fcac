package org.llm4msr.runtime.model;

import java.nio.FloatBuffer;
import java.util.Arrays;
import org.llm4msr.runtime.tables.Workers;

/**
 * Weights of groups times, element by element, those that all groups share. Elements are shared out
 * among threads, so that sums over groups have one order.
 */
final class ScaledWeights {

  private static final int CHUNK = 1 << 11;

  private final Workers workers;
  private final int groups;
  private final int size;
  private final FloatBuffer weights;
  private final FloatBuffer factor;

  /**
   * Makes the product of (G, ...) and (...).
   *
   * @param size of a group
   */
  ScaledWeights(Workers workers, int groups, int size, FloatBuffer weights, FloatBuffer factor) {
    this.workers = workers;
    this.groups = groups;
    this.size = size;
    this.weights = weights;
    this.factor = factor;
  }

  /** Writes the product. */
  void write(FloatBuffer product) {
    workers.range(
        size,
        CHUNK,
        (worker, from, to) -> {
          int count = to - from;
          float[] shared = read(factor, from, new float[count]);
          float[] own = new float[count];
          for (int at = from; at < groups * size; at += size) {
            read(weights, at, own);
            for (int j = 0; j < count; j++) {
              own[j] *= shared[j];
            }
            product.put(at, own);
          }
        });
  }

  /**
   * Writes the gradients of both from that of the product, or adds them to what is there.
   *
   * @param addToWeights whether gradients of the weights are there
   */
  void backward(
      FloatBuffer gradient,
      FloatBuffer ofWeights,
      boolean addToWeights,
      FloatBuffer ofFactor,
      boolean addToFactor) {
    workers.range(
        size,
        CHUNK,
        (worker, from, to) -> {
          int count = to - from;
          float[] shared = read(factor, from, new float[count]);
          float[] own = new float[count];
          float[] given = new float[count];
          float[] before = new float[count];
          float[] sum = new float[count];
          if (addToFactor) {
            read(ofFactor, from, sum);
          }
          for (int at = from; at < groups * size; at += size) {
            read(weights, at, own);
            read(gradient, at, given);
            if (addToWeights) {
              read(ofWeights, at, before);
            }
            for (int j = 0; j < count; j++) {
              sum[j] += given[j] * own[j];
              before[j] += given[j] * shared[j];
            }
            ofWeights.put(at, before);
            Arrays.fill(before, 0);
          }
          ofFactor.put(from, sum);
        });
  }

  private static float[] read(FloatBuffer from, int at, float[] to) {
    from.get(at, to);
    return to;
  }
}
