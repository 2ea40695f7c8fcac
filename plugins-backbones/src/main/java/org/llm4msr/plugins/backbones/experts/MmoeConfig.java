package org.llm4msr.plugins.backbones.experts;

import jakarta.validation.constraints.DecimalMax;
import jakarta.validation.constraints.DecimalMin;
import jakarta.validation.constraints.NotEmpty;
import jakarta.validation.constraints.Positive;
import java.util.List;
import org.llm4msr.api.Setting;
import org.llm4msr.api.model.Activation;
import org.llm4msr.toolkit.model.BlockSettings;

/** Settings of {@link Mmoe}, with one gate per scenario or one for all. */
public record MmoeConfig(
    @Setting(value = "Number of experts", defaultValue = "4") @Positive int experts,
    @Setting(value = "Widths of each expert's layers", defaultValue = "[32]") @NotEmpty
        List<@Positive Integer> expert,
    @Setting(value = "Widths of each scenario's tower before its logit", defaultValue = "[16]")
        List<@Positive Integer> tower,
    @Setting(value = "Activation after every layer", defaultValue = "relu") Activation activation,
    @Setting(value = "Share of units dropped in training", defaultValue = "0.2")
        @DecimalMin(value = "0", message = "must be at least 0")
        @DecimalMax(value = "0.95", message = "must be at most 0.95")
        double dropout,
    @Setting(value = "Whether layers are normalised over the batch", defaultValue = "true")
        boolean batchNorm,
    @Setting(
            value = "Whether gates are normalised over the batch before their softmax",
            defaultValue = "false")
        boolean gateBatchNorm) {

  BlockSettings block() {
    return new BlockSettings(activation, dropout, batchNorm);
  }
}
