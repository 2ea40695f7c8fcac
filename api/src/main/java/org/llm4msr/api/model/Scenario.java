package org.llm4msr.api.model;

import static java.util.Objects.requireNonNull;

import org.llm4msr.api.Stability;

/**
 * A scenario as a model sees it.
 *
 * @param rank its place in the configured order, from 0
 * @param name its name
 * @param trainingRows number of its rows in the training part
 */
@Stability(level = Stability.Level.STABLE, since = "0.1")
public record Scenario(int rank, String name, long trainingRows) {

  public Scenario {
    requireNonNull(name, "name is null");
  }
}
