package org.llm4msr.runtime.knowledge.vectors;

import java.nio.FloatBuffer;
import org.llm4msr.runtime.batch.Batch;

/** Vectors that the rows of a batch read, by slot: rows of one slot read the same. */
public interface SlotVectors {

  /** Returns the size of a vector as the model reads it. */
  int dimension();

  /**
   * Writes the slot that each row of a batch reads.
   *
   * @param training whether the batch is trained on
   */
  void slots(Batch batch, boolean training, int[] target);

  /** Returns whether a slot has a vector of its own. */
  boolean isKnown(int slot);

  /** Writes one vector to row {@code row} of (n, K). */
  void copy(int slot, FloatBuffer target, int row);
}
