package org.llm4msr.runtime.model;

import java.util.List;
import org.llm4msr.api.model.FeatureLayout;
import org.llm4msr.api.model.Scenario;

/**
 * What every part of a model gets to know about the data.
 *
 * @param layout the fields of the embedded input
 * @param scenarios the scenarios, by rank
 * @param scenarioEmbeddingSize Ds
 */
public record ModelShape(
    FeatureLayout layout, List<Scenario> scenarios, int scenarioEmbeddingSize) {

  /** Copies the list. */
  public ModelShape {
    scenarios = List.copyOf(scenarios);
  }

  /** Returns this shape with another input. */
  public ModelShape with(FeatureLayout other) {
    return new ModelShape(other, scenarios, scenarioEmbeddingSize);
  }
}
