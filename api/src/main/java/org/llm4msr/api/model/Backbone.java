package org.llm4msr.api.model;

import org.llm4msr.api.Stability;

/**
 * A multi-scenario model: features in, one logit per row out. It owns its towers and knows nothing
 * about tables, language models, labels or optimisers. Outside training, {@code forward} is
 * re-entrant.
 */
@Stability(level = Stability.Level.STABLE, since = "0.1")
public interface Backbone {

  /**
   * Computes the logits of a batch. A row's result depends on the other rows only through batch
   * statistics in training.
   */
  BackboneOutput forward(Pass pass, Features features);

  /** Returns H, the width of {@link BackboneOutput#hidden()}, or 0 if there is none. */
  int hiddenSize();
}
