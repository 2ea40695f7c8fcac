package org.llm4msr.plugins.backbones.adaptive;

import jakarta.validation.constraints.AssertTrue;
import jakarta.validation.constraints.DecimalMax;
import jakarta.validation.constraints.DecimalMin;
import jakarta.validation.constraints.NotEmpty;
import jakarta.validation.constraints.Positive;
import java.util.List;
import org.llm4msr.api.Setting;
import org.llm4msr.api.model.Activation;
import org.llm4msr.toolkit.model.BlockSettings;

/** Settings of {@link Hamur}. */
public record HamurConfig(
    @Setting(
            value = "Widths of each scenario's layers before its logit",
            defaultValue = "[256, 128]")
        @NotEmpty
        List<@Positive Integer> layers,
    @Setting(value = "Adapters, one behind each of the last layers", defaultValue = "1") @Positive
        int adapters,
    @Setting(value = "Width within an adapter", defaultValue = "32") @Positive int bottleneck,
    @Setting(
            value = "Rows and columns of the matrix that is generated for a row",
            defaultValue = "35")
        @Positive
        int rank,
    @Setting(value = "Widths of the network that generates it", defaultValue = "[64]")
        List<@Positive Integer> hyper,
    @Setting(value = "Activation after every layer", defaultValue = "relu") Activation activation,
    @Setting(value = "Share of units dropped in training", defaultValue = "0.2")
        @DecimalMin(value = "0", message = "must be at least 0")
        @DecimalMax(value = "0.95", message = "must be at most 0.95")
        double dropout,
    @Setting(value = "Whether layers are normalised", defaultValue = "true") boolean batchNorm) {

  /** Whether there is a layer for each adapter. */
  @AssertTrue(message = "adapters must not be more than layers: a layer has one at most")
  public boolean isConsistent() {
    return layers == null || adapters <= layers.size();
  }

  BlockSettings block() {
    return new BlockSettings(activation, dropout, batchNorm);
  }
}
