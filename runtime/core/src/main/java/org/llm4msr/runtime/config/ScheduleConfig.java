package org.llm4msr.runtime.config;

import jakarta.validation.constraints.DecimalMax;
import jakarta.validation.constraints.DecimalMin;
import jakarta.validation.constraints.PositiveOrZero;
import org.llm4msr.api.Setting;

/** How the learning rate changes over the steps. */
public record ScheduleConfig(
    @Setting(value = "Steps over which the rate rises linearly from 0", defaultValue = "0")
        @PositiveOrZero
        int warmupSteps,
    @Setting(value = "How the rate falls afterwards", defaultValue = "none") Decay decay,
    @Setting(value = "Share of the rate that is left at the last step", defaultValue = "0.0")
        @DecimalMin(value = "0.0", message = "must be at least 0")
        @DecimalMax(value = "1.0", message = "must be at most 1")
        double finalFactor) {

  /** The form of the decay. */
  public enum Decay {
    /** Constant. */
    NONE,
    /** A straight line. */
    LINEAR,
    /** Half a cosine. */
    COSINE
  }
}
