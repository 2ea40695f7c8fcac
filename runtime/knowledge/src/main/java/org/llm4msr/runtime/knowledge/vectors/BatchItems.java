package org.llm4msr.runtime.knowledge.vectors;

import java.nio.FloatBuffer;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.batch.Batch;

/**
 * The items' vectors for one batch at a time: the stored ones, and those that came with the rows. A
 * slot is one item, one row that brought a vector, or all items without a vector, who read the
 * same.
 */
public final class BatchItems implements SlotVectors {

  private final ItemKnowledge items;
  private final KnowledgeVectors stored;
  private final int unknown;
  private float @Nullable [] @Nullable [] given;

  /** Makes a view of the items, for one thread. */
  public BatchItems(ItemKnowledge items) {
    this.items = items;
    stored = items.stored();
    unknown = stored.size() - 1;
  }

  @Override
  public int dimension() {
    return stored.dimension();
  }

  @Override
  public void slots(Batch batch, boolean training, int[] target) {
    given = batch.itemVectors;
    for (int i = 0; i < batch.size; i++) {
      if (given != null && given[i] != null) {
        target[i] = unknown + 1 + i;
      } else {
        target[i] = stored.isKnown(batch.item[i]) ? batch.item[i] : unknown;
      }
    }
  }

  @Override
  public boolean isKnown(int slot) {
    return slot != unknown;
  }

  @Override
  public void copy(int slot, FloatBuffer target, int row) {
    float[] vector = given == null || slot <= unknown ? null : given[slot - unknown - 1];
    if (vector == null) {
      stored.copy(slot, target, row);
    } else {
      target.put(row * dimension(), items.transformed(vector), 0, dimension());
    }
  }
}
