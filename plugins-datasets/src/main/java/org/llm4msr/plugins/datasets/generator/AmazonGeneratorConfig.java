package org.llm4msr.plugins.datasets.generator;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.Pattern;
import org.llm4msr.api.Setting;
import org.llm4msr.plugins.datasets.generator.log.LogSizeConfig;

/** Release and size of generated Amazon reviews. */
public record AmazonGeneratorConfig(
    @Setting(
            value =
                "Release whose files are written: 2014 (products as Python literals), 2018 or"
                    + " 2023 (milliseconds), as"
                    + " JSON lines",
            defaultValue = "'2023'")
        @Pattern(regexp = "2014|2018|2023", message = "must be 2014, 2018 or 2023")
        String release,
    @Setting(
            value =
                "2023: whether reviews are written as parts, CATEGORY.train.csv and so on, below"
                    + " 5core/timestamp",
            defaultValue = "false")
        boolean parts,
    @Setting(
            value =
                "With parts: whether they have the products that a user had reviewed before, below"
                    + " 5core/timestamp_w_his",
            defaultValue = "false")
        boolean history,
    @Setting(value = "Reviews", defaultValue = "100000") @Min(1000) @Max(2_000_000_000L)
        long interactions,
    @Setting(value = "Users to draw from", defaultValue = "2000") @Min(10) @Max(100_000_000)
        int users,
    @Setting(value = "Products to draw from", defaultValue = "3000") @Min(100) @Max(100_000_000)
        int items,
    @Setting(value = "Seed of everything that is drawn", defaultValue = "7") long seed) {

  LogSizeConfig size() {
    return new LogSizeConfig(interactions, users, items, seed);
  }
}
