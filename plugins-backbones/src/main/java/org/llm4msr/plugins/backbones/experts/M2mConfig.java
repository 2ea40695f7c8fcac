package org.llm4msr.plugins.backbones.experts;

import jakarta.validation.constraints.DecimalMax;
import jakarta.validation.constraints.DecimalMin;
import jakarta.validation.constraints.Positive;
import jakarta.validation.constraints.PositiveOrZero;
import java.util.List;
import org.llm4msr.api.Setting;
import org.llm4msr.api.model.Activation;
import org.llm4msr.toolkit.model.BlockSettings;

/** Settings of {@link M2m}. */
public record M2mConfig(
    @Setting(value = "Number of experts", defaultValue = "4") @Positive int experts,
    @Setting(
            value = "Width of experts, scenario knowledge and generated layers",
            defaultValue = "16")
        @Positive
        int width,
    @Setting(value = "Generated layers of the tower", defaultValue = "2") @Positive int towerLayers,
    @Setting(value = "Widths between the generated tower and the logit", defaultValue = "[64, 32]")
        List<@Positive Integer> output,
    @Setting(value = "Activation after every layer", defaultValue = "leaky-relu")
        Activation activation,
    @Setting(value = "Share of units dropped in training", defaultValue = "0.2")
        @DecimalMin(value = "0", message = "must be at least 0")
        @DecimalMax(value = "0.95", message = "must be at most 0.95")
        double dropout,
    @Setting(
            value = "Whether experts and output are normalised over the batch",
            defaultValue = "true")
        boolean batchNorm,
    @Setting(
            value = "Heads of the attention over each of model.sequences",
            defaultValue = "2",
            before = "2")
        @Positive
        int heads,
    @Setting(
            value =
                "Width of what is learned of each place of a sequence, and put beside its event; 0"
                    + " for nothing",
            defaultValue = "0",
            before = "0")
        @PositiveOrZero
        int positions) {

  BlockSettings block() {
    return new BlockSettings(activation, dropout, batchNorm);
  }
}
