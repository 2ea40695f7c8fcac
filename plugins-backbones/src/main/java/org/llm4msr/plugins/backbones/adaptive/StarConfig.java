package org.llm4msr.plugins.backbones.adaptive;

import jakarta.validation.constraints.DecimalMax;
import jakarta.validation.constraints.DecimalMin;
import jakarta.validation.constraints.NotEmpty;
import jakarta.validation.constraints.Positive;
import java.util.List;
import org.llm4msr.api.Setting;
import org.llm4msr.api.model.Activation;
import org.llm4msr.toolkit.model.BlockSettings;

/** Settings of {@link Star}. */
public record StarConfig(
    @Setting(value = "Widths of the layers before the logit", defaultValue = "[128, 64, 32]")
        @NotEmpty
        List<@Positive Integer> layers,
    @Setting(value = "Widths of the auxiliary network before its logit", defaultValue = "[32]")
        List<@Positive Integer> auxiliary,
    @Setting(value = "Activation after every layer", defaultValue = "relu") Activation activation,
    @Setting(value = "Share of units dropped in training", defaultValue = "0.2")
        @DecimalMin(value = "0", message = "must be at least 0")
        @DecimalMax(value = "0.95", message = "must be at most 0.95")
        double dropout) {

  BlockSettings block() {
    return new BlockSettings(activation, dropout, false);
  }
}
