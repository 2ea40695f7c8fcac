package org.llm4msr.plugins.backbones.experts;

import jakarta.validation.constraints.DecimalMax;
import jakarta.validation.constraints.DecimalMin;
import jakarta.validation.constraints.NotEmpty;
import jakarta.validation.constraints.Positive;
import java.util.List;
import org.llm4msr.api.Setting;
import org.llm4msr.api.model.Activation;
import org.llm4msr.toolkit.model.BlockSettings;

/** Settings of {@link SharedBottom}. */
public record SharedBottomConfig(
    @Setting(value = "Widths of the layers that all scenarios share", defaultValue = "[128]")
        @NotEmpty
        List<@Positive Integer> bottom,
    @Setting(value = "Widths of each scenario's tower before its logit", defaultValue = "[64, 32]")
        List<@Positive Integer> tower,
    @Setting(value = "Activation after every layer", defaultValue = "relu") Activation activation,
    @Setting(value = "Share of units dropped in training", defaultValue = "0.2")
        @DecimalMin(value = "0", message = "must be at least 0")
        @DecimalMax(value = "0.95", message = "must be at most 0.95")
        double dropout,
    @Setting(value = "Whether layers are normalised over the batch", defaultValue = "true")
        boolean batchNorm) {

  BlockSettings block() {
    return new BlockSettings(activation, dropout, batchNorm);
  }
}
