package org.llm4msr.plugins.backbones.adaptive;

import jakarta.validation.constraints.DecimalMax;
import jakarta.validation.constraints.DecimalMin;
import jakarta.validation.constraints.NotEmpty;
import jakarta.validation.constraints.Positive;
import java.util.List;
import org.llm4msr.api.Setting;
import org.llm4msr.api.model.Activation;
import org.llm4msr.toolkit.model.BlockSettings;

/** Settings of {@link AdaSparse}. */
public record AdaSparseConfig(
    @Setting(value = "Widths of the layers before the logit", defaultValue = "[128, 64, 32]")
        @NotEmpty
        List<@Positive Integer> layers,
    @Setting(
            value = "How neurons are weighted: binary, scaling, or fusion, which does both",
            defaultValue = "fusion")
        Form form,
    @Setting(value = "Largest weight in scaling and fusion", defaultValue = "2")
        @DecimalMin(value = "0", message = "must be at least 0")
        double scale,
    @Setting(
            value = "Neurons are cut where the sigmoid does not exceed this; not in scaling",
            defaultValue = "0.01")
        @DecimalMin(value = "0", message = "must be at least 0")
        @DecimalMax(value = "1", message = "must be at most 1")
        double threshold,
    @Setting(value = "Factor in the sigmoid at the first step; not in scaling", defaultValue = "1")
        @DecimalMin(value = "0", message = "must be at least 0")
        double temperature,
    @Setting(value = "How much that factor grows at each training step", defaultValue = "1e-4")
        @DecimalMin(value = "0", message = "must be at least 0")
        double temperatureStep,
    @Setting(value = "Where that factor stops growing", defaultValue = "5")
        @DecimalMin(value = "0", message = "must be at least 0")
        double maxTemperature,
    @Setting(value = "Smallest share of neurons to cut", defaultValue = "0.15")
        @DecimalMin(value = "0", message = "must be at least 0")
        @DecimalMax(value = "1", message = "must be at most 1")
        double minSparsity,
    @Setting(value = "Largest share of neurons to cut", defaultValue = "0.25")
        @DecimalMin(value = "0", message = "must be at least 0")
        @DecimalMax(value = "1", message = "must be at most 1")
        double maxSparsity,
    @Setting(value = "Weight of the loss on shares outside these bounds", defaultValue = "0.01")
        @DecimalMin(value = "0", message = "must be at least 0")
        double sparsityWeight,
    @Setting(value = "Activation after every layer", defaultValue = "relu") Activation activation,
    @Setting(value = "Share of units dropped in training", defaultValue = "0.2")
        @DecimalMin(value = "0", message = "must be at least 0")
        @DecimalMax(value = "0.95", message = "must be at most 0.95")
        double dropout,
    @Setting(value = "Whether layers are normalised over the batch", defaultValue = "true")
        boolean batchNorm) {

  /** How neurons are weighted. */
  public enum Form {
    /** sigmoid(temperature * v), cut at the threshold: 0 or 1 if the temperature is high. */
    BINARY,
    /** scale * sigmoid(v), nothing cut. */
    SCALING,
    /** scale * sigmoid(temperature * v), cut at the threshold. */
    FUSION
  }

  BlockSettings block() {
    return new BlockSettings(activation, dropout, batchNorm);
  }
}
