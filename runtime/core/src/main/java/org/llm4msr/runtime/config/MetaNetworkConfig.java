package org.llm4msr.runtime.config;

import jakarta.validation.Valid;
import jakarta.validation.constraints.Positive;
import java.util.List;
import org.llm4msr.api.Setting;
import org.llm4msr.api.model.Activation;
import org.llm4msr.api.model.MetaNetworkFactory;

/** One meta network and the layers it generates. */
public record MetaNetworkConfig(
    @Inline @Valid PluginChoice<MetaNetworkFactory<Record>, Record> network,
    @Setting(
            value = "Widths of the generated layers between input and output",
            defaultValue = "[64]")
        List<@Positive Integer> layers,
    @Setting(value = "Activation after every generated layer but the last", defaultValue = "relu")
        Activation activation,
    @Setting(value = "Activation after the last generated layer", defaultValue = "none")
        Activation outputActivation) {}
