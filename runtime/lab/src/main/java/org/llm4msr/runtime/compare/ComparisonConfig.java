package org.llm4msr.runtime.compare;

import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.NotEmpty;
import java.util.List;
import java.util.Map;
import org.hibernate.validator.constraints.UniqueElements;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.Setting;
import org.llm4msr.runtime.config.loading.AnyValue;

/**
 * A grid of models. The root of the YAML file of {@code compare}.
 *
 * @param experiments files of experiments, relative to the file of the comparison
 */
public record ComparisonConfig(
    @Setting("Experiment files, relative to this file") @NotEmpty @UniqueElements
        List<String> experiments,
    @Setting(
            value = "Seeds of training; runs with the same seed are paired",
            defaultValue = "[1, 2, 3]")
        @NotEmpty
        @UniqueElements
        List<Long> seeds,
    @Setting(
            value = "Backbones, each a name or a name with settings; none: that of the experiment",
            defaultValue = "[]")
        @UniqueElements
        List<AnyValue> backbones,
    @Setting(
            value = "Fusion heads, written the same way; the others are compared with the first",
            defaultValue = "[]")
        @UniqueElements
        List<AnyValue> fusions,
    @Setting(
            value =
                "Controls, each a knowledge.control: every model that reads knowledge is also"
                    + " trained with each of them in its place",
            defaultValue = "[]")
        @UniqueElements
        List<AnyValue> controls,
    @Setting(value = "Further experiment keys, each with the values to try", defaultValue = "{}")
        Map<String, List<AnyValue>> grid,
    @Setting(value = "Experiment settings that all runs share", defaultValue = "{}")
        Map<String, AnyValue> settings,
    @Setting("Printed below the table, such as how to go on") @Nullable String note,
    @Setting(value = "Keep checkpoints and bundles of the runs", defaultValue = "false")
        boolean keepModels,
    @Setting(
            value =
                "The label whose metric the tables have: a further one that the models learn, or label,"
                    + " the main one",
            defaultValue = "label")
        @NotBlank
        String label,
    @Setting(
            value = "The metric that the tables have, by its name in evaluations, such as gauc",
            defaultValue = "auc")
        @NotBlank
        String metric) {}
