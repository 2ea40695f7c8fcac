package org.llm4msr.plugins.fusion;

import org.llm4msr.api.Setting;

/** Settings of {@link HierarchicalHead}. */
public record HierarchicalConfig(
    @Setting(
            value = "First value of alpha, the learned weight of the scenario level in the logit",
            defaultValue = "0.5")
        double initialAlpha,
    @Setting(
            value =
                "Whether the user level's output is added to the backbone's input instead of"
                    + " replacing it",
            defaultValue = "false")
        boolean residual) {}
