package org.llm4msr.plugins.datasets.generator;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.Pattern;
import org.llm4msr.api.Setting;
import org.llm4msr.plugins.datasets.generator.log.LogSizeConfig;

/** Release and size of a generated KuaiRand. */
public record KuaiRandGeneratorConfig(
    @Setting(
            value = "Release whose file names are used: pure, 1k, or 27k, whose logs are in parts",
            defaultValue = "pure")
        @Pattern(regexp = "pure|1k|27k", message = "must be pure, 1k or 27k")
        String release,
    @Setting(
            value =
                "Whether captions and categories of the videos, a release of their own, are written",
            defaultValue = "false")
        boolean captions,
    @Setting(value = "Rows of the standard logs", defaultValue = "100000")
        @Min(1000)
        @Max(2_000_000_000L)
        long interactions,
    @Setting(value = "Users to draw from", defaultValue = "2000") @Min(10) @Max(100_000_000)
        int users,
    @Setting(value = "Videos to draw from", defaultValue = "3000") @Min(100) @Max(100_000_000)
        int items,
    @Setting(value = "Seed of everything that is drawn", defaultValue = "7") long seed) {

  LogSizeConfig size() {
    return new LogSizeConfig(interactions, users, items, seed);
  }
}
