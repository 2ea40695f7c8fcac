package org.llm4msr.plugins.datasets.generator.log;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import org.llm4msr.api.Setting;

/** The size of a generated log. */
public record LogSizeConfig(
    @Setting(value = "Interactions that the reader finds", defaultValue = "100000")
        @Min(1000)
        @Max(2_000_000_000L)
        long interactions,
    @Setting(value = "Users to draw from", defaultValue = "2000") @Min(10) @Max(100_000_000)
        int users,
    @Setting(value = "Items to draw from", defaultValue = "3000") @Min(100) @Max(100_000_000)
        int items,
    @Setting(value = "Seed of everything that is drawn", defaultValue = "7") long seed) {}
