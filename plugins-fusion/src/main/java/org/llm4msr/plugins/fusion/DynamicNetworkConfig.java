package org.llm4msr.plugins.fusion;

import jakarta.validation.constraints.NotEmpty;
import jakarta.validation.constraints.Positive;
import java.util.List;
import org.llm4msr.api.Setting;

/** Settings of {@link DynamicNetworkHead}. */
public record DynamicNetworkConfig(
    @Setting(
            value =
                "Widths of the network from the scenario's embedding to what weights are generated"
                    + " from",
            defaultValue = "[16]")
        @NotEmpty
        List<@Positive Integer> generator,
    @Setting(value = "Generated layers of the tower", defaultValue = "2") @Positive
        int towerLayers) {}
