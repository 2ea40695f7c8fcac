package org.llm4msr.runtime.config;

import jakarta.validation.Valid;
import jakarta.validation.constraints.Min;
import java.util.List;
import org.llm4msr.api.Setting;
import org.llm4msr.api.data.DatasetReaderFactory;

/** The raw data and its preparation. */
public record DatasetConfig(
    @Inline @Valid PluginChoice<DatasetReaderFactory<Record>, Record> reader,
    @Setting("Folder of the raw files, relative to the configuration file") String path,
    @Setting(
            value = "Keys of the scenarios to keep, in the order of their ranks; [] keeps all",
            defaultValue = "[]")
        List<String> scenarios,
    @Setting(value = "How rows are split into training, validation and test", defaultValue = "{}")
        @Valid
        SplitConfig split,
    @Setting(
            value =
                "A value in fewer logged rows of the training part than this gets the"
                    + " out-of-vocabulary id; drawn negatives do not count",
            defaultValue = "2")
        @Min(1)
        int minFrequency,
    @Setting(value = "Negative sampling, for data that has positives only", defaultValue = "{}")
        @Valid
        NegativesConfig negatives,
    @Setting(value = "What happens to rows that cannot be read", defaultValue = "{}") @Valid
        MalformedConfig malformed) {

  /** Returns this with another reader. */
  public DatasetConfig with(PluginChoice<DatasetReaderFactory<Record>, Record> other) {
    return new DatasetConfig(other, path, scenarios, split, minFrequency, negatives, malformed);
  }
}
