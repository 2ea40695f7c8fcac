package org.llm4msr.api.model;

import ai.djl.ndarray.NDArray;
import org.llm4msr.api.Stability;

/** The topology: how backbone, knowledge and meta networks combine to one logit per row. */
@FunctionalInterface
@Stability(level = Stability.Level.STABLE, since = "0.1")
public interface FusionHead {

  /** Computes the logits of a batch: (B). Outside training, re-entrant. */
  NDArray logits(Pass pass, Features features);
}
