package com.example.mind;

import org.llm4msr.api.Setting;

/** Settings of the reader. */
public record MindConfig(
    @Setting(
            value = "Whether the news that a user had clicked before are a field",
            defaultValue = "true")
        boolean history) {}
