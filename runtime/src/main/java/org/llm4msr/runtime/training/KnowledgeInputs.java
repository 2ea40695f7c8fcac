package org.llm4msr.runtime.training;

import static java.util.Objects.requireNonNull;

import org.llm4msr.runtime.config.KnowledgeConfig.Missing;
import org.llm4msr.runtime.knowledge.KnowledgeSource;

/**
 * The knowledge that a model may read.
 *
 * @param users vectors by raw user id
 * @param scenarios vectors by scenario key
 * @param missing what a user without a vector gets
 */
public record KnowledgeInputs(KnowledgeSource users, KnowledgeSource scenarios, Missing missing) {

  public KnowledgeInputs {
    requireNonNull(users, "users is null");
    requireNonNull(scenarios, "scenarios is null");
    requireNonNull(missing, "missing is null");
  }
}
