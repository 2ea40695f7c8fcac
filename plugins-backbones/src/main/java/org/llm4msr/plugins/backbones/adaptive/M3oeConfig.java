package org.llm4msr.plugins.backbones.adaptive;

import jakarta.validation.constraints.DecimalMax;
import jakarta.validation.constraints.DecimalMin;
import jakarta.validation.constraints.NotEmpty;
import jakarta.validation.constraints.Positive;
import java.util.List;
import org.llm4msr.api.Setting;
import org.llm4msr.api.model.Activation;
import org.llm4msr.toolkit.model.BlockSettings;

/** Settings of {@link M3oe}. */
public record M3oeConfig(
    @Setting(value = "Width of the layer with shared and own weights", defaultValue = "128")
        @Positive
        int starWidth,
    @Setting(value = "Width of what enters the experts", defaultValue = "64") @Positive int width,
    @Setting(value = "Experts that all scenarios share", defaultValue = "4") @Positive int experts,
    @Setting(value = "Widths of each expert's layers", defaultValue = "[32]") @NotEmpty
        List<@Positive Integer> expert,
    @Setting(value = "Widths of each scenario's tower before its logit", defaultValue = "[32]")
        List<@Positive Integer> tower,
    @Setting(value = "Activation after every layer", defaultValue = "relu") Activation activation,
    @Setting(value = "Share of units dropped in training", defaultValue = "0.2")
        @DecimalMin(value = "0", message = "must be at least 0")
        @DecimalMax(value = "0.95", message = "must be at most 0.95")
        double dropout) {

  BlockSettings block() {
    return new BlockSettings(activation, dropout, false);
  }
}
