package org.llm4msr.runtime.knowledge.vectors;

import java.nio.FloatBuffer;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.model.Level;
import org.llm4msr.runtime.batch.Batch;

/**
 * The users' vectors for one batch at a time: the stored ones, and those that count in their place.
 * Rows that follow one another and have one and the same of these share its slot.
 */
public final class BatchUsers implements SlotVectors {

  private final UserKnowledge stored;
  private final KnowledgeTransform transform;
  private float @Nullable [] @Nullable [] given;

  /** Makes a view of the users, for one thread. */
  public BatchUsers(UserKnowledge stored, KnowledgeScaling scaling) {
    this.stored = stored;
    transform = scaling.of(Level.USER);
  }

  @Override
  public int dimension() {
    return stored.dimension();
  }

  @Override
  public void slots(Batch batch, boolean training, int[] target) {
    stored.slots(batch, training, target);
    given = batch.userVectors;
    if (given == null) {
      return;
    }
    for (int i = 0; i < batch.size; i++) {
      if (given[i] != null) {
        boolean repeated = i > 0 && given[i] == given[i - 1];
        target[i] = repeated ? target[i - 1] : stored.count() + i;
      }
    }
  }

  @Override
  public boolean isKnown(int slot) {
    return slot >= stored.count() || stored.isKnown(slot);
  }

  @Override
  public void copy(int slot, FloatBuffer target, int row) {
    float[] vector = given == null || slot < stored.count() ? null : given[slot - stored.count()];
    if (vector == null) {
      stored.copy(slot, target, row);
    } else {
      target.put(row * dimension(), transform.apply(vector.clone()), 0, dimension());
    }
  }
}
