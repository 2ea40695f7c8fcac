package org.llm4msr.runtime.kernels;

import java.nio.FloatBuffer;
import java.util.Arrays;
import org.llm4msr.runtime.engine.AlignedMemory;

/**
 * What target attention learns, in the order in which {@link AttentionRows} and attention.c read
 * it. With the weight of the first layer in four parts We, Wt, Wd, Wp (D, H) as {@code [e, t, e -
 * t, e * t]} has them, there are for each d of the D numbers of a target two rows, Wp[d] and (We +
 * Wd)[d], which make row d of a matrix; then two for each, (Wt - Wd)[d] and zeros, which make its
 * bias, the last of which is the bias itself in place of zeros. Weights and biases of further
 * layers follow.
 */
public final class AttentionWeights {

  private final AttentionSizes sizes;
  private final FloatMemory memory;

  public AttentionWeights(AttentionSizes sizes) {
    this.sizes = sizes;
    memory = FloatMemory.of(AlignedMemory.floats(sizes.learned()));
  }

  FloatMemory memory() {
    return memory;
  }

  /**
   * Takes the first layer.
   *
   * @param weight (4 D, H)
   * @param bias (H)
   */
  public void first(FloatBuffer weight, FloatBuffer bias) {
    int part = sizes.width() * sizes.first();
    float[] values = new float[4 * part];
    float[] target = new float[4 * part];
    weight.get(0, values);
    for (int d = 0; d < sizes.width(); d++) {
      for (int j = 0; j < sizes.first(); j++) {
        int at = d * sizes.first() + j;
        int to = 2 * d * sizes.first() + j;
        float difference = values[2 * part + at];
        target[to] = values[3 * part + at];
        target[to + sizes.first()] = values[at] + difference;
        target[2 * part + to] = values[part + at] - difference;
      }
    }
    bias.get(0, target, 4 * part - sizes.first(), sizes.first());
    memory.numbers().put(0, target);
  }

  /** Takes a layer after the first. */
  public void layer(int layer, FloatBuffer weight, FloatBuffer bias) {
    memory.numbers().put(sizes.weights(layer), weight, 0, weight.limit());
    memory.numbers().put(sizes.biases(layer), bias, 0, bias.limit());
  }

  /**
   * Adds to the gradients of the first layer.
   *
   * @param sums the gradient of what is learned
   */
  public void addFirst(float[] sums, FloatBuffer weight, FloatBuffer bias) {
    int part = sizes.width() * sizes.first();
    float[] gradient = new float[4 * part];
    for (int d = 0; d < sizes.width(); d++) {
      for (int j = 0; j < sizes.first(); j++) {
        int at = d * sizes.first() + j;
        int from = 2 * d * sizes.first() + j;
        float ofVector = sums[from + sizes.first()];
        float ofTarget = sums[2 * part + from];
        gradient[at] = ofVector;
        gradient[part + at] = ofTarget;
        gradient[2 * part + at] = ofVector - ofTarget;
        gradient[3 * part + at] = sums[from];
      }
    }
    add(gradient, weight);
    int end = 4 * part;
    add(Arrays.copyOfRange(sums, end - sizes.first(), end), bias);
  }

  /** Adds to the gradients of a layer after the first. */
  public void addLayer(int layer, float[] sums, FloatBuffer weight, FloatBuffer bias) {
    int biases = sizes.biases(layer);
    add(Arrays.copyOfRange(sums, sizes.weights(layer), biases), weight);
    add(Arrays.copyOfRange(sums, biases, sizes.weights(layer + 1)), bias);
  }

  private static void add(float[] more, FloatBuffer target) {
    for (int i = 0; i < more.length; i++) {
      target.put(i, target.get(i) + more[i]);
    }
  }
}
