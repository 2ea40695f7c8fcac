package org.llm4msr.serving.ranker;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An item to rank.
 *
 * @param id as in the training data: a text or a whole number
 * @param fields what differs from what is stored of the item or from the context of the request, by
 *     column: texts, numbers, booleans, lists of them, null
 */
public record RankItem(@Nullable Object id, Map<String, ?> fields) {

  /** Makes an item of which the model knows all. */
  public RankItem(Object id) {
    this(id, Map.of());
  }
}
