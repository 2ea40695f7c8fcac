package org.llm4msr.runtime.tables;

import java.nio.FloatBuffer;
import org.llm4msr.runtime.engine.AlignedMemory;

/**
 * What the pooling of a sequence leaves for the update of its table, in arrays that the next batch
 * reuses.
 */
public final class PooledLists {

  /** By row and element, which id of the row's list has the largest, (B, D). */
  int[] winners = new int[0];

  private FloatBuffer gradients = FloatBuffer.allocate(0);
  private float[] copy = new float[0];

  PooledLists() {}

  void expectWinners(int numbers) {
    if (winners.length < numbers) {
      winners = new int[numbers];
    }
  }

  /** Makes room outside the heap for so many numbers of gradients. */
  public FloatBuffer expectGradients(int numbers) {
    if (!gradients.isDirect() || gradients.limit() < numbers) {
      gradients = AlignedMemory.floats(numbers + numbers / 8L).asFloatBuffer();
    }
    return gradients;
  }

  /** Takes gradients that lie elsewhere outside the heap until the table is updated. */
  public void setGradients(FloatBuffer memory) {
    gradients = memory;
  }

  /** Returns the first numbers of the {@link #gradients}, and more, in the heap. */
  float[] copyOfGradients(int numbers) {
    if (copy.length < numbers) {
      copy = new float[numbers + numbers / 8];
    }
    gradients.get(0, copy, 0, numbers);
    return copy;
  }

  /** Returns the gradient of the vector of each id of all rows, one after the other, (N, D). */
  public FloatBuffer gradients() {
    return gradients;
  }
}
