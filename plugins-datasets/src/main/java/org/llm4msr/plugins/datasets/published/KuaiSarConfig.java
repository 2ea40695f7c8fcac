package org.llm4msr.plugins.datasets.published;

import org.llm4msr.api.Setting;

/** What to read from KuaiSAR. */
public record KuaiSarConfig(
    @Setting(value = "Whether a caption's words are a field", defaultValue = "true")
        boolean captions,
    @Setting(value = "Whether a query's words are a field", defaultValue = "true") boolean keywords,
    @Setting(
            value =
                "Whether the words of queries and captions share one vocabulary and one table of"
                    + " vectors",
            defaultValue = "false",
            before = "false")
        boolean sharedWords) {}
