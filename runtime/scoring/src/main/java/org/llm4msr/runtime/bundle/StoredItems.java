package org.llm4msr.runtime.bundle;

import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.data.rows.ItemVectors;
import org.llm4msr.runtime.knowledge.store.KnowledgeSource;

/**
 * The vectors of items that a bundle does not know.
 *
 * @param store holds them by raw id, null where there is none
 */
public record StoredItems(int dimension, @Nullable KnowledgeSource store) implements ItemVectors {

  @Override
  public float @Nullable [] of(String item) {
    if (store == null) {
      return null;
    }
    float[] vector = new float[dimension];
    return store.read(item, vector) ? vector : null;
  }
}
