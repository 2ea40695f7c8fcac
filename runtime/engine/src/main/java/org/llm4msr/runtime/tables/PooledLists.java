package org.llm4msr.runtime.tables;

/**
 * What the pooling of a sequence leaves for the update of its table, in arrays that the next batch
 * reuses.
 */
public final class PooledLists {

  /** By row and element, which id of the row's list has the largest, (B, D). */
  int[] winners = new int[0];

  private float[] gradients = new float[0];

  PooledLists() {}

  void expectWinners(int numbers) {
    if (winners.length < numbers) {
      winners = new int[numbers];
    }
  }

  /** Makes room for so many numbers of gradients. */
  public float[] expectGradients(int numbers) {
    if (gradients.length < numbers) {
      gradients = new float[numbers + numbers / 8];
    }
    return gradients;
  }

  /** Returns the gradient of the vector of each id of all rows, one after the other, (N, D). */
  public float[] gradients() {
    return gradients;
  }
}
