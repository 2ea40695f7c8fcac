package org.llm4msr.runtime.assembly;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.nio.FloatBuffer;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.knowledge.vectors.DistinctSlots;
import org.llm4msr.runtime.knowledge.vectors.VectorLookup;
import org.llm4msr.runtime.model.ParameterArray;
import org.llm4msr.runtime.tables.Workers;

/** The knowledge that the rows of one batch read of one level, in memory that the next reuses. */
final class BatchKnowledge {

  /** Vectors that a thread copies at a time. */
  private static final int GRAIN = 32;

  private final VectorLookup vectors;
  private final @Nullable ParameterArray missing;
  private final Workers workers;
  private final DistinctSlots distinct = new DistinctSlots();
  private final BatchInputs filled = new BatchInputs();
  private final BatchInputs mask = new BatchInputs();
  private int[] slotOfRow = new int[0];

  /**
   * Makes the inputs of a level.
   *
   * @param missing (1, K), what slots without a vector read; null where they read what is stored
   */
  BatchKnowledge(VectorLookup vectors, @Nullable ParameterArray missing, Workers workers) {
    this.vectors = vectors;
    this.missing = missing;
    this.workers = workers;
  }

  /** Finds what the rows of a batch read, each slot once. */
  DistinctSlots find(Batch batch, boolean training) {
    if (slotOfRow.length < batch.size) {
      slotOfRow = new int[batch.size];
    }
    vectors.slots(batch, training, slotOfRow);
    distinct.find(slotOfRow, batch.size);
    return distinct;
  }

  /** Gathers the vectors of the distinct slots of the batch that was found: (groups, K). */
  NDArray gather(NDManager step, Batch batch) {
    int count = distinct.count();
    int groups = distinct.groups();
    FloatBuffer target = filled.floats((long) groups * vectors.dimension());
    workers.range(
        count,
        GRAIN,
        (worker, from, to) -> {
          for (int k = from; k < to; k++) {
            vectors.copy(batch, distinct.slot(k), target, k);
          }
        });
    int empty = (groups - count) * vectors.dimension();
    target.put(count * vectors.dimension(), new float[empty]);
    NDArray known = filled.array(step, new Shape(groups, vectors.dimension()));
    return missing == null ? known : known.add(isMissing(step).mul(missing.array()));
  }

  /** Returns 1 where a slot has no vector, else 0: (groups, 1). */
  private NDArray isMissing(NDManager step) {
    int count = distinct.count();
    int groups = distinct.groups();
    FloatBuffer target = mask.floats(groups);
    target.put(count, new float[groups - count]);
    for (int k = 0; k < count; k++) {
      target.put(k, vectors.isKnown(distinct.slot(k)) ? 0f : 1f);
    }
    return mask.array(step, new Shape(groups, 1));
  }
}
