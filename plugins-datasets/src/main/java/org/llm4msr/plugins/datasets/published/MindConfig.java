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
        boolean sharedHistory,
    @Setting(
            value =
                "Whether rows have parts, for dataset.split.by given: dev is the test part, and the"
                    + " last day of train is validation",
            defaultValue = "false",
            before = "false")
        boolean parts,
    @Setting(
            value = "Whether the abstract is part of a text, after the title",
            defaultValue = "false",
            before = "false")
        boolean abstracts,
    @Setting(
            value = "Whether the Wikidata entities of title and abstract are a field",
            defaultValue = "false",
            before = "false")
        boolean entities,
    @Setting(
            value =
                "Whether prompts tell what a user had clicked before the first impression, in the"
                    + " order of the clicks",
            defaultValue = "false",
            before = "false")
        boolean past) {}
