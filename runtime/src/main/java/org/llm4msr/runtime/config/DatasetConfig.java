package org.llm4msr.runtime.config;

import jakarta.validation.Valid;
import jakarta.validation.constraints.Min;
import java.util.List;
import org.llm4msr.api.Setting;
import org.llm4msr.api.data.DatasetReaderFactory;

/** The raw data and how it is prepared. */
public record DatasetConfig(
    @Inline @Valid PluginChoice<DatasetReaderFactory<?>> reader,
    @Setting("Folder of the raw files, relative to the configuration file") String path,
    @Setting(
            value = "Keys of the scenarios to keep, in the order of their ranks; [] keeps all",
            defaultValue = "[]")
        List<String> scenarios,
    @Setting(value = "How rows fall into training, validation and test", defaultValue = "{}") @Valid
        SplitConfig split,
    @Setting(
            value = "A value seen less often in the training part shares the out-of-vocabulary id",
            defaultValue = "2")
        @Min(1)
        int minFrequency,
    @Setting(
            value = "Negatives that are drawn where the data has positives only",
            defaultValue = "{}")
        @Valid
        NegativesConfig negatives,
    @Setting(value = "What becomes of rows that cannot be read", defaultValue = "{}") @Valid
        MalformedConfig malformed) {}
