package org.llm4msr.plugins.datasets.published;

import org.llm4msr.api.Setting;

/** What to read from MIND. */
public record MindConfig(
    @Setting(
            value = "Whether the news that a user had clicked before an impression are a field",
            defaultValue = "false")
        boolean history,
    @Setting(
            value = "Whether the clicked news share vocabulary and table of vectors with the item",
            defaultValue = "false",
            before = "false")
        boolean sharedHistory) {}
