package org.llm4msr.plugins.backbones.adaptive;

import jakarta.validation.constraints.DecimalMax;
import jakarta.validation.constraints.DecimalMin;
import jakarta.validation.constraints.NotEmpty;
import jakarta.validation.constraints.Positive;
import java.util.List;
import org.llm4msr.api.Setting;
import org.llm4msr.api.model.Activation;
import org.llm4msr.toolkit.model.BlockSettings;

/** Settings of {@link AdaptDhm}. */
public record AdaptDhmConfig(
    @Setting(value = "Clusters of rows", defaultValue = "3") @Positive int clusters,
    @Setting(value = "Share of a centre that an update keeps", defaultValue = "0.9")
        @DecimalMin(value = "0", message = "must be at least 0")
        @DecimalMax(value = "1", message = "must be at most 1")
        double momentum,
    @Setting(value = "Updates of the centres at each training step", defaultValue = "3") @Positive
        int routings,
    @Setting(
            value =
                "Divides the cosine of row and centre before the softmax over centres: the smaller, the more a row moves its nearest centre alone",
            defaultValue = "0.1")
        @Positive
        double temperature,
    @Setting(value = "Widths of the layers before the logit", defaultValue = "[64, 64]") @NotEmpty
        List<@Positive Integer> layers,
    @Setting(value = "Activation after every layer", defaultValue = "relu") Activation activation,
    @Setting(value = "Share of units dropped in training", defaultValue = "0.2")
        @DecimalMin(value = "0", message = "must be at least 0")
        @DecimalMax(value = "0.95", message = "must be at most 0.95")
        double dropout) {

  BlockSettings block() {
    return new BlockSettings(activation, dropout, false);
  }
}
