package org.llm4msr.runtime.config;

import jakarta.validation.constraints.DecimalMax;
import jakarta.validation.constraints.DecimalMin;
import jakarta.validation.constraints.Positive;
import jakarta.validation.constraints.PositiveOrZero;
import org.llm4msr.api.Setting;

/** The optimiser. Dense parameters and tables follow the same rule. */
public record OptimizerConfig(
    @Setting(value = "The update rule", defaultValue = "adam") Rule name,
    @Setting(value = "Learning rate after warm-up", defaultValue = "0.001") @Positive
        double learningRate,
    @Setting(value = "Adam: decay of the first moment", defaultValue = "0.9")
        @DecimalMin(value = "0.0", message = "must be at least 0")
        @DecimalMax(value = "1.0", inclusive = false, message = "must be below 1")
        double beta1,
    @Setting(value = "Adam: decay of the second moment", defaultValue = "0.999")
        @DecimalMin(value = "0.0", message = "must be at least 0")
        @DecimalMax(value = "1.0", inclusive = false, message = "must be below 1")
        double beta2,
    @Setting(value = "Adam, Adagrad: added to the root in the denominator", defaultValue = "1e-8")
        @Positive
        double epsilon,
    @Setting(
            value =
                "Adam: move only the rows of a table that the batch touched; false moves and decays"
                    + " every row at every step, as the reference code does",
            defaultValue = "true")
        boolean lazy,
    @Setting(value = "L2 factor on table rows", defaultValue = "1e-5") @PositiveOrZero
        double l2Embeddings,
    @Setting(value = "L2 factor on dense weights", defaultValue = "1e-5") @PositiveOrZero
        double l2Dense) {

  /** The update rule. */
  public enum Rule {
    /** Kingma and Ba, 2015. */
    ADAM,
    /** Duchi et al., 2011. */
    ADAGRAD,
    /** Plain gradient descent. */
    SGD
  }
}
