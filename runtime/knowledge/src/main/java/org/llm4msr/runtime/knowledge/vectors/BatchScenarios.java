package org.llm4msr.runtime.knowledge.vectors;

import java.nio.FloatBuffer;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.model.Level;

/** The vectors of all scenarios: the stored ones, and those that count in their place. */
public final class BatchScenarios {

  private final KnowledgeVectors stored;
  private final KnowledgeTransform transform;

  private BatchScenarios(KnowledgeVectors stored, KnowledgeTransform transform) {
    this.stored = stored;
    this.transform = transform;
  }

  /** Returns those that a model reads; null if it reads none. */
  public static @Nullable BatchScenarios of(@Nullable ModelKnowledge knowledge) {
    KnowledgeVectors stored = knowledge == null ? null : knowledge.scenarios();
    return knowledge == null || stored == null
        ? null
        : new BatchScenarios(stored, knowledge.scaling().of(Level.SCENARIO));
  }

  /** Returns how many scenarios there are. */
  public int size() {
    return stored.size();
  }

  /** Returns the size of a vector. */
  public int dimension() {
    return stored.dimension();
  }

  /**
   * Writes all vectors, (S, K).
   *
   * @param given as the language model gave them, by rank; null where the stored ones count
   */
  public void copy(float @Nullable [] @Nullable [] given, FloatBuffer target) {
    for (int rank = 0; rank < size(); rank++) {
      float[] vector = given == null ? null : given[rank];
      if (vector == null) {
        stored.copy(rank, target, rank);
      } else {
        target.put(rank * dimension(), transform.apply(vector.clone()), 0, dimension());
      }
    }
  }
}
