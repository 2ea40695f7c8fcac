package org.llm4msr.api.model;

import org.llm4msr.api.Stability;

/**
 * An input that a model reads beyond the flat one. Inputs that nobody names are neither loaded nor
 * gathered.
 */
@Stability(level = Stability.Level.STABLE, since = "0.1")
public enum ModelInput {
  /** {@link Features#fields()}: all fields have the same width. */
  FIELDS,
  /** {@link Features#scenarioTable()} and {@link Features#scenarioEmbedding()}. */
  SCENARIO_EMBEDDING,
  /** {@link Features#userKnowledge()}. Fusion heads only. */
  USER_KNOWLEDGE,
  /** {@link Features#scenarioKnowledge()}. Fusion heads only. */
  SCENARIO_KNOWLEDGE,
  /** {@link Features#itemKnowledge()} and {@link Pass#items()}. Fusion heads only. */
  ITEM_KNOWLEDGE,
  /** {@link Features#history()}. Fusion heads only. */
  HISTORY,
  /** {@link Features#sequences()}. A run may have none. */
  SEQUENCES,
  /** {@link BackboneOutput#hidden()}. Fusion heads only. */
  HIDDEN
}
