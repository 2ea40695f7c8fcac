package org.llm4msr.plugins.backbones.adaptive;

import jakarta.validation.constraints.DecimalMax;
import jakarta.validation.constraints.DecimalMin;
import jakarta.validation.constraints.NotEmpty;
import jakarta.validation.constraints.Positive;
import java.util.List;
import org.llm4msr.api.Setting;
import org.llm4msr.api.model.Activation;
import org.llm4msr.toolkit.model.BlockSettings;

/** Settings of {@link Aitm}. */
public record AitmConfig(
    @Setting(
            value = "Widths of each scenario's network below the transfer",
            defaultValue = "[128, 64]")
        @NotEmpty
        List<@Positive Integer> bottom,
    @Setting(value = "Widths of each scenario's tower before its logit", defaultValue = "[32]")
        List<@Positive Integer> tower,
    @Setting(
            value = "Order of the chain: size, the most training rows first, or rank",
            defaultValue = "size")
        Order order,
    @Setting(value = "Activation after every layer", defaultValue = "relu") Activation activation,
    @Setting(value = "Share of units dropped in training", defaultValue = "0.2")
        @DecimalMin(value = "0", message = "must be at least 0")
        @DecimalMax(value = "0.95", message = "must be at most 0.95")
        double dropout,
    @Setting(value = "Whether layers are normalised", defaultValue = "true") boolean batchNorm) {

  /** The order of scenarios in the chain. */
  public enum Order {
    /** The one with the most training rows is first. */
    SIZE,
    /** As configured. */
    RANK
  }

  BlockSettings block() {
    return new BlockSettings(activation, dropout, batchNorm);
  }
}
