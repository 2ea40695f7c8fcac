package org.llm4msr.runtime.knowledge.vectors;

import static java.util.Objects.requireNonNull;

import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.config.KnowledgeConfig.Missing;
import org.llm4msr.runtime.knowledge.history.HistoryInputs;
import org.llm4msr.runtime.knowledge.store.KnowledgeSource;
import org.llm4msr.runtime.knowledge.store.KnowledgeStore;

/**
 * The knowledge that a model may read.
 *
 * @param users vectors by raw user id
 * @param scenarios vectors by scenario key
 * @param items vectors by raw item id
 * @param missing what a user without a vector gets
 * @param missingItem what an item without a vector gets
 * @param scaling how vectors are standardised; null: by the statistics of the training part
 * @param earlier what training rows read in place of {@code users}; null: the same
 * @param components principal components that vectors are reduced to; 0: none. Of no effect where
 *     {@code scaling} is given
 * @param controls which levels are a control of which kind, for the identity of the model; empty if
 *     none is
 * @param history the events of users that the model may read; null: none
 */
public record KnowledgeInputs(
    KnowledgeSource users,
    KnowledgeSource scenarios,
    KnowledgeSource items,
    Missing missing,
    Missing missingItem,
    @Nullable KnowledgeScaling scaling,
    @Nullable EarlierKnowledge earlier,
    int components,
    String controls,
    @Nullable HistoryInputs history) {

  public KnowledgeInputs {
    requireNonNull(users, "users is null");
    requireNonNull(scenarios, "scenarios is null");
    requireNonNull(items, "items is null");
    requireNonNull(missing, "missing is null");
    requireNonNull(missingItem, "missingItem is null");
  }

  /** Makes inputs whose training rows read the same vectors as all others. */
  public KnowledgeInputs(
      KnowledgeStore store,
      Missing missing,
      Missing missingItem,
      @Nullable KnowledgeScaling scaling) {
    this(
        store.users(),
        store.scenarios(),
        store.items(),
        missing,
        missingItem,
        scaling,
        null,
        0,
        "",
        null);
  }

  /** Makes inputs without items, standardised by the statistics of the training users. */
  public KnowledgeInputs(KnowledgeSource users, KnowledgeSource scenarios, Missing missing) {
    this(
        users,
        scenarios,
        new NoVectors(users.dimension()),
        missing,
        Missing.MEAN,
        null,
        null,
        0,
        "",
        null);
  }

  /** Returns these with the events of users. */
  public KnowledgeInputs withHistory(@Nullable HistoryInputs events) {
    return new KnowledgeInputs(
        users,
        scenarios,
        items,
        missing,
        missingItem,
        scaling,
        earlier,
        components,
        controls,
        events);
  }

  /** Returns these with vectors of items. */
  public KnowledgeInputs withItems(KnowledgeSource vectors, Missing missingVectors) {
    return new KnowledgeInputs(
        users,
        scenarios,
        vectors,
        missing,
        missingVectors,
        scaling,
        earlier,
        components,
        controls,
        history);
  }
}
