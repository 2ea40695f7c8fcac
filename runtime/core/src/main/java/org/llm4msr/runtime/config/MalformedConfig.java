package org.llm4msr.runtime.config;

import jakarta.validation.constraints.DecimalMax;
import jakarta.validation.constraints.DecimalMin;
import org.llm4msr.api.Setting;

/** What happens to rows of the raw files that cannot be read. */
public record MalformedConfig(
    @Setting(
            value =
                "Whether the first of them stops the preparation, or they are counted and skipped",
            defaultValue = "strict")
        Policy policy,
    @Setting(value = "Share of all rows that may be skipped", defaultValue = "0.001")
        @DecimalMin(value = "0", message = "must be at least 0")
        @DecimalMax(value = "1", message = "must be at most 1")
        double share) {

  /** What to do with rows that cannot be read. */
  public enum Policy {
    /** An error names the place of the first one. */
    STRICT,
    /** They are counted and reported, and the others are read. */
    SKIP
  }
}
