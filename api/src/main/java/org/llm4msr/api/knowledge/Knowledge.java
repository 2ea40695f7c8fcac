package org.llm4msr.api.knowledge;

import static java.util.Objects.requireNonNull;

import org.jspecify.annotations.Nullable;
import org.llm4msr.api.Stability;

/**
 * What a language model knows after reading one prompt.
 *
 * @param vector its state, (K)
 * @param text what it generated, or null where it generated nothing
 */
@SuppressWarnings("ArrayRecordComponent") // One float array a prompt; lists would box K floats.
@Stability(level = Stability.Level.STABLE, since = "0.1")
public record Knowledge(float[] vector, @Nullable String text) {

  public Knowledge {
    requireNonNull(vector, "vector is null");
  }
}
