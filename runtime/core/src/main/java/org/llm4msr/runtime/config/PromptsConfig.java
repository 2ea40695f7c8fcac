package org.llm4msr.runtime.config;

import jakarta.validation.Valid;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.Setting;
import org.llm4msr.api.knowledge.PromptBuilderFactory;

/** The prompt builder, and the rows that it reads. */
public record PromptsConfig(
    @Inline @Valid PluginChoice<PromptBuilderFactory<Record>, Record> builder,
    @Setting(
            value =
                "For experiments on leakage only: prompts are also made from validation and"
                    + " test rows, so they reveal what is to be predicted. Every result is marked",
            defaultValue = "false")
        boolean leakFutureInteractions,
    @Setting(
            "The further label of the data that makes a training row a positive for prompts; by"
                + " default the main one does")
        @Nullable String positive) {}
