package org.llm4msr.api.model;

import static java.util.Objects.requireNonNull;

import org.llm4msr.api.Stability;

/**
 * The shape of a {@link Sequence}.
 *
 * @param length L
 * @param width D
 */
@Stability(level = Stability.Level.UNSTABLE, since = "0.1")
public record SequenceShape(String name, int length, int width) {

  public SequenceShape {
    requireNonNull(name, "name is null");
  }
}
