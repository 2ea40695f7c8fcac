package org.llm4msr.runtime.assembly;

import ai.djl.ndarray.types.Shape;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.model.Decay;
import org.llm4msr.api.model.Initializer;
import org.llm4msr.runtime.config.ModelConfig;
import org.llm4msr.runtime.config.ModelConfig.ItemKnowledgeConfig;
import org.llm4msr.runtime.knowledge.history.HistoryInputs;
import org.llm4msr.runtime.knowledge.vectors.ModelKnowledge;
import org.llm4msr.runtime.knowledge.vectors.VectorLookup;
import org.llm4msr.runtime.model.ParameterArray;
import org.llm4msr.runtime.model.ParameterStore;

/**
 * What the runtime learns about knowledge, beside head and meta networks.
 *
 * @param missingUser (1, K), what users without knowledge have, null where that is not learned
 * @param missingItem (1, K), what items without knowledge have, null where that is not learned
 * @param itemField null where no field holds the item's knowledge
 * @param historyField null where no field holds the similarity to the user's history
 * @param coldItems what values with few training rows read of their items; null where they read
 *     their own embedding alone
 */
record KnowledgeParameters(
    @Nullable ParameterArray missingUser,
    @Nullable ParameterArray missingItem,
    @Nullable AddedField itemField,
    @Nullable AddedField historyField,
    @Nullable AddedField coldItems) {

  /** Those of a model that reads none. */
  static final KnowledgeParameters NONE = new KnowledgeParameters(null, null, null, null, null);

  /**
   * Makes those of a model.
   *
   * @param coldWidth columns of the field of model.coldItems; 0 without
   */
  static KnowledgeParameters of(
      ParameterStore store,
      ModelConfig model,
      ModelKnowledge knowledge,
      @Nullable HistoryInputs history,
      int coldWidth) {
    int size = knowledge.scaling().dimension();
    VectorLookup users = knowledge.users();
    VectorLookup ofItems = model.readsItems() ? knowledge.items() : null;
    ItemKnowledgeConfig items = model.itemKnowledge();
    int width = model.embeddingSize();
    return new KnowledgeParameters(
        users != null && users.learnsMissing() ? missing(store, "missing-user", size) : null,
        ofItems != null && ofItems.learnsMissing() ? missing(store, "missing-item", size) : null,
        items == null
            ? null
            : AddedField.of(store, AddedField.ITEM, size, items.widthBeside(width)),
        history == null
            ? null
            : AddedField.of(
                store,
                AddedField.HISTORY,
                history.layout().width(),
                history.config().widthBeside(width)),
        coldWidth == 0 ? null : AddedField.of(store, AddedField.COLD, size, coldWidth));
  }

  private static ParameterArray missing(ParameterStore store, String name, int size) {
    return store.parameter("knowledge", name, new Shape(1, size), Initializer.zeros(), Decay.NO);
  }
}
