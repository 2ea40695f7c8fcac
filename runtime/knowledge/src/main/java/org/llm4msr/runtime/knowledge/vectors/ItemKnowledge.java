package org.llm4msr.runtime.knowledge.vectors;

import org.llm4msr.runtime.knowledge.history.HistoryInputs;
import org.llm4msr.runtime.knowledge.history.ModelHistory;
import org.llm4msr.runtime.knowledge.history.Whitening;

/**
 * The items' vectors. Immutable and thread-safe; {@link BatchItems} adds those that come with the
 * rows of a batch.
 */
public final class ItemKnowledge {

  private final KnowledgeVectors stored;
  private final KnowledgeTransform transform;

  ItemKnowledge(KnowledgeVectors stored, KnowledgeTransform transform) {
    this.stored = stored;
    this.transform = transform;
  }

  /** Returns how many items have a vector of their own. */
  int knownCount() {
    return stored.knownCount();
  }

  /** Returns whether an item has a vector of its own, by its index. */
  public boolean isKnown(int item) {
    return stored.isKnown(item);
  }

  KnowledgeVectors stored() {
    return stored;
  }

  /** Returns what a model reads of histories by these vectors. */
  ModelHistory history(HistoryInputs inputs) {
    Whitening whitening = Whitening.of(transform.deviations(), inputs.config().whitening());
    return new ModelHistory(
        stored.units(whitening),
        inputs.logs(),
        inputs.layout(),
        vector -> whitening.apply(transformed(vector)),
        inputs.lastPart().number());
  }

  /** Returns a vector as the model reads it, in an array of its own. */
  float[] transformed(float[] vector) {
    return transform.apply(vector.clone());
  }
}
