package org.llm4msr.runtime.compare;

import jakarta.validation.constraints.NotEmpty;
import java.util.List;
import java.util.Map;
import org.hibernate.validator.constraints.UniqueElements;
import org.llm4msr.api.Setting;
import org.llm4msr.runtime.config.AnyValue;

/**
 * A grid of models. The root of the YAML file of {@code compare}.
 *
 * @param experiments files of experiments, relative to the file of the comparison
 */
public record ComparisonConfig(
    @Setting("Files of experiments, relative to this file") @NotEmpty @UniqueElements
        List<String> experiments,
    @Setting(value = "Seeds of training; runs of one seed are paired", defaultValue = "[1, 2, 3]")
        @NotEmpty
        @UniqueElements
        List<Long> seeds,
    @Setting(
            value = "Backbones, each a name or a name with settings; none: that of the experiment",
            defaultValue = "[]")
        @UniqueElements
        List<AnyValue> backbones,
    @Setting(
            value = "Fusion heads, written likewise; the first is what others are compared with",
            defaultValue = "[]")
        @UniqueElements
        List<AnyValue> fusions,
    @Setting(value = "Further keys of an experiment, each with its values", defaultValue = "{}")
        Map<String, List<AnyValue>> grid,
    @Setting(value = "Keys of an experiment that all runs have", defaultValue = "{}")
        Map<String, AnyValue> settings,
    @Setting(value = "Keep checkpoints and bundles of the runs", defaultValue = "false")
        boolean keepModels) {}
