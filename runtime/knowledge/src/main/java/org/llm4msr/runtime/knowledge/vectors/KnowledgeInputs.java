package org.llm4msr.runtime.knowledge.vectors;

import static java.util.Objects.requireNonNull;

import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.config.KnowledgeConfig.Missing;
import org.llm4msr.runtime.knowledge.store.KnowledgeSource;

/**
 * The knowledge that a model may read.
 *
 * @param users vectors by raw user id
 * @param scenarios vectors by scenario key
 * @param missing what a user without a vector gets
 * @param scaling how vectors are standardised; null: by the statistics of the training users
 * @param earlier what training rows read in place of {@code users}; null: the same
 * @param components principal components that vectors are reduced to; 0: none. Of no effect where
 *     {@code scaling} is given
 */
public record KnowledgeInputs(
    KnowledgeSource users,
    KnowledgeSource scenarios,
    Missing missing,
    @Nullable KnowledgeScaling scaling,
    @Nullable EarlierKnowledge earlier,
    int components) {

  public KnowledgeInputs {
    requireNonNull(users, "users is null");
    requireNonNull(scenarios, "scenarios is null");
    requireNonNull(missing, "missing is null");
  }

  /** Makes inputs whose training rows read the same vectors as all others. */
  public KnowledgeInputs(
      KnowledgeSource users,
      KnowledgeSource scenarios,
      Missing missing,
      @Nullable KnowledgeScaling scaling) {
    this(users, scenarios, missing, scaling, null, 0);
  }

  /** Makes inputs that are standardised by the statistics of the training users. */
  public KnowledgeInputs(KnowledgeSource users, KnowledgeSource scenarios, Missing missing) {
    this(users, scenarios, missing, null);
  }
}
