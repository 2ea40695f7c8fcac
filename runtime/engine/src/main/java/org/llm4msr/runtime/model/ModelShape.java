package org.llm4msr.runtime.model;

import java.util.List;
import org.llm4msr.api.model.FeatureLayout;
import org.llm4msr.api.model.Scenario;
import org.llm4msr.api.model.SequenceShape;

/**
 * What every part of a model gets to know about the data.
 *
 * @param layout the fields of the embedded input
 * @param scenarios the scenarios, by rank
 * @param scenarioEmbeddingSize Ds
 * @param sequences those that the features have
 */
public record ModelShape(
    FeatureLayout layout,
    List<Scenario> scenarios,
    int scenarioEmbeddingSize,
    List<SequenceShape> sequences) {

  /** Copies the lists. */
  public ModelShape {
    scenarios = List.copyOf(scenarios);
    sequences = List.copyOf(sequences);
  }

  /** Makes a shape without sequences. */
  public ModelShape(FeatureLayout layout, List<Scenario> scenarios, int scenarioEmbeddingSize) {
    this(layout, scenarios, scenarioEmbeddingSize, List.of());
  }

  /** Returns this shape with another input. */
  public ModelShape with(FeatureLayout other) {
    return new ModelShape(other, scenarios, scenarioEmbeddingSize, sequences);
  }
}
