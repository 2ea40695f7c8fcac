package org.llm4msr.api.model;

import static java.util.Objects.requireNonNull;

import ai.djl.ndarray.NDArray;
import org.llm4msr.api.Stability;

/**
 * The embedded events of each row of a batch, newest first: a sequence of {@code model.sequences}.
 *
 * @param name its name in the configuration
 * @param vectors (B, L, D), zeros behind the last
 * @param mask (B, L), 1 where there is an event, 0 behind the last
 * @param target (B, D), the vector of the row's own field of the same table
 */
@Stability(level = Stability.Level.UNSTABLE, since = "0.1")
public record Sequence(String name, NDArray vectors, NDArray mask, NDArray target) {

  public Sequence {
    requireNonNull(name, "name is null");
    requireNonNull(vectors, "vectors is null");
    requireNonNull(mask, "mask is null");
    requireNonNull(target, "target is null");
  }
}
