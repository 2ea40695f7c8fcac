package org.llm4msr.tck.zoo;

import org.llm4msr.api.Setting;

/** Settings of the generators of the zoo. */
public record ZooGeneratorConfig(
    @Setting(value = "Rows to write", defaultValue = "100") long interactions,
    @Setting(value = "Seed of what is drawn", defaultValue = "7") long seed,
    @Setting(value = "Whether all rows are held in memory", defaultValue = "false")
        boolean hoards) {}
