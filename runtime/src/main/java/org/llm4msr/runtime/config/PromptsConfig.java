package org.llm4msr.runtime.config;

import jakarta.validation.Valid;
import org.llm4msr.api.Setting;
import org.llm4msr.api.knowledge.PromptBuilderFactory;

/** Who writes the prompts, and of which rows. */
public record PromptsConfig(
    @Inline @Valid PluginChoice<PromptBuilderFactory<?>> builder,
    @Setting(
            value =
                "For experiments on leakage only: prompts are made of validation and test rows too,"
                    + " so they tell what is to be predicted. Every result is marked",
            defaultValue = "false")
        boolean leakFutureInteractions) {}
