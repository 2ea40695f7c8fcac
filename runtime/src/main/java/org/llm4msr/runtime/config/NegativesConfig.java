package org.llm4msr.runtime.config;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import org.llm4msr.api.Setting;

/** Negatives that are drawn for data that has positives only, or too few negatives. */
public record NegativesConfig(
    @Setting(value = "Negatives drawn for each positive row; 0 draws none", defaultValue = "0")
        @Min(0)
        @Max(1000)
        int perPositive,
    @Setting(
            value =
                "Whether items are drawn in proportion to how often they occur in the"
                    + " scenario, or uniformly",
            defaultValue = "popularity")
        Draw draw,
    @Setting(value = "Seed of the draws", defaultValue = "0") long seed) {

  /** How likely an item is. */
  public enum Draw {
    /** As likely as a row of the scenario is to be of the item. */
    POPULARITY,
    /** All items of the scenario alike. */
    UNIFORM
  }
}
