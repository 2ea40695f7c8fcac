package org.llm4msr.runtime.config;

import jakarta.validation.Valid;
import org.llm4msr.api.Setting;

/** The meta networks of the two levels; a level that the head does not read gets none. */
public record MetaNetworksConfig(
    @Setting(value = "User level", defaultValue = "{name: mlp}") @Valid MetaNetworkConfig user,
    @Setting(value = "Scenario level", defaultValue = "{name: mlp}") @Valid
        MetaNetworkConfig scenario) {}
