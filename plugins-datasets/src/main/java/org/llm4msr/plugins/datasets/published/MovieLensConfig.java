package org.llm4msr.plugins.datasets.published;

import org.llm4msr.api.Setting;

/** How MovieLens becomes click data in scenarios. */
public record MovieLensConfig(
    @Setting(value = "The label is 1 if the rating is above this", defaultValue = "3")
        double positiveAbove,
    @Setting(
            value = "What a scenario is: a film's first genre, or a user's age band (1m and 100k)",
            defaultValue = "genre")
        ScenarioBy scenarioBy) {

  /** What defines a scenario. */
  public enum ScenarioBy {
    /** The first genre of the film. */
    GENRE,
    /** The age group of the user: below 25, 25 to 34, above. */
    AGE
  }
}
