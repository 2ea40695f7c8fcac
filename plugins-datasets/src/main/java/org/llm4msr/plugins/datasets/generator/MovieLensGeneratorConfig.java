package org.llm4msr.plugins.datasets.generator;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.Pattern;
import org.llm4msr.api.Setting;
import org.llm4msr.plugins.datasets.generator.log.LogSizeConfig;

/** Release and size of a generated MovieLens. */
public record MovieLensGeneratorConfig(
    @Setting(
            value =
                "Release whose files are written: latest, 32m, 25m or 20m (CSV), 10m (::), 1m"
                    + " (::, Latin-1, with users) or 100k (u.data, genres as flags)",
            defaultValue = "latest")
        @Pattern(
            regexp = "latest|32m|25m|20m|10m|1m|100k",
            message = "must be latest, 32m, 25m, 20m, 10m, 1m or 100k")
        String release,
    @Setting(value = "Ratings", defaultValue = "100000") @Min(1000) @Max(2_000_000_000L)
        long interactions,
    @Setting(value = "Users to draw from", defaultValue = "2000") @Min(10) @Max(100_000_000)
        int users,
    @Setting(value = "Films to draw from", defaultValue = "3000") @Min(100) @Max(100_000_000)
        int items,
    @Setting(value = "Seed of everything that is drawn", defaultValue = "7") long seed) {

  LogSizeConfig size() {
    return new LogSizeConfig(interactions, users, items, seed);
  }
}
