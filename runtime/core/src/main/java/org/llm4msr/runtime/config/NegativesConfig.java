package org.llm4msr.runtime.config;

import jakarta.validation.Valid;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.Positive;
import org.llm4msr.api.Setting;

/** Negatives to draw for data that has only positives, or too few negatives. */
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
    @Setting(
            value =
                "The rows whose items are drawn: those of the positive's own part, also those of"
                    + " the parts before it, or days: N for those of its part near to it in time",
            defaultValue = "part")
        @Valid
        NegativePool pool,
    @Setting(value = "Seed of the draws", defaultValue = "0") long seed,
    @Setting(
            value = "Weight in the loss of each drawn negative; a logged row has 1 or its own",
            defaultValue = "1.0",
            before = "1.0")
        @Positive
        double weight) {

  /** The probability of each item. */
  public enum Draw {
    /** Proportional to the item's rows in the scenario. */
    POPULARITY,
    /** All items of the scenario with equal probability. */
    UNIFORM
  }
}
