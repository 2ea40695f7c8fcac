package org.llm4msr.plugins.backbones.experts;

import jakarta.validation.constraints.DecimalMax;
import jakarta.validation.constraints.DecimalMin;
import jakarta.validation.constraints.Positive;
import java.util.List;
import java.util.Map;
import org.llm4msr.api.Setting;
import org.llm4msr.api.model.Activation;
import org.llm4msr.toolkit.model.BlockSettings;

/** Settings of {@link SarNet}. */
public record SarNetConfig(
    @Setting(value = "Experts that all scenarios share", defaultValue = "8") @Positive
        int sharedExperts,
    @Setting(value = "Experts of each scenario", defaultValue = "2") @Positive int specificExperts,
    @Setting(value = "Width of an expert's output", defaultValue = "16") @Positive int expertWidth,
    @Setting(
            value = "Widths of the network that all scenarios share, between experts and logit",
            defaultValue = "[32, 32]")
        List<@Positive Integer> tower,
    @Setting(value = "Activation after every layer", defaultValue = "relu") Activation activation,
    @Setting(value = "Share of units dropped in training", defaultValue = "0.2")
        @DecimalMin(value = "0", message = "must be at least 0")
        @DecimalMax(value = "0.95", message = "must be at most 0.95")
        double dropout,
    @Setting(
            value = "Whether experts see a normalised input, and the tower is normalised",
            defaultValue = "true")
        boolean batchNorm,
    @Setting(
            value =
                "By the name of a sequence of items, that of the sequence of the scenarios of the"
                    + " same events, with which the row's scenario is compared",
            defaultValue = "{}")
        Map<String, String> eventScenarios) {

  BlockSettings block() {
    return new BlockSettings(activation, dropout, batchNorm);
  }
}
