package org.llm4msr.api.model;

import static java.util.Objects.requireNonNull;

import ai.djl.ndarray.NDArray;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.Stability;

/**
 * The result of a backbone.
 *
 * @param hidden the input of each row's tower, (B, H); null if the model has no such place
 * @param logit (B)
 */
@Stability(level = Stability.Level.STABLE, since = "0.1")
public record BackboneOutput(@Nullable NDArray hidden, NDArray logit) {

  public BackboneOutput {
    requireNonNull(logit, "logit is null");
  }
}
