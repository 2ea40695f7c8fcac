package org.llm4msr.api.model;

import static java.util.Objects.requireNonNull;

import ai.djl.ndarray.NDList;
import org.llm4msr.api.Stability;

/**
 * Generated weights: arrays whose first axis is the group. Only the meta network that made them
 * knows their meaning; they may be full matrices or low-rank factors.
 *
 * @param arrays (G, ...) each
 */
@Stability(level = Stability.Level.STABLE, since = "0.1")
public record MetaWeights(NDList arrays) {

  public MetaWeights {
    requireNonNull(arrays, "arrays is null");
  }
}
