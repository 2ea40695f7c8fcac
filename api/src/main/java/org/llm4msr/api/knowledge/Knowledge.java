package org.llm4msr.api.knowledge;

import static java.util.Objects.requireNonNull;

import org.jspecify.annotations.Nullable;
import org.llm4msr.api.Stability;

/**
 * The output of a language model for one prompt.
 *
 * @param vector the model's state, (K)
 * @param text the generated text, or null if there is none
 */
@SuppressWarnings("ArrayRecordComponent") // One float array per prompt; lists would box K floats.
@Stability(level = Stability.Level.STABLE, since = "0.1")
public record Knowledge(float[] vector, @Nullable String text) {

  public Knowledge {
    requireNonNull(vector, "vector is null");
  }
}
