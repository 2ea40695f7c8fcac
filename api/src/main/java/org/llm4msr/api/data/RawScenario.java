package org.llm4msr.api.data;

import static java.util.Objects.requireNonNull;

import org.llm4msr.api.Stability;

/**
 * A scenario as a reader describes it.
 *
 * @param key the value in the column {@value RawSchema#SCENARIO}
 * @param name a short name for tables and prompts
 * @param description what the scenario is and where it comes from, for the scenario prompt; may be
 *     empty
 */
@Stability(level = Stability.Level.STABLE, since = "0.1")
public record RawScenario(String key, String name, String description) {

  public RawScenario {
    requireNonNull(key, "key is null");
    requireNonNull(name, "name is null");
    requireNonNull(description, "description is null");
  }
}
