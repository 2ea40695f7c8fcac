package org.llm4msr.runtime.config;

import jakarta.validation.constraints.DecimalMax;
import jakarta.validation.constraints.DecimalMin;
import jakarta.validation.constraints.PositiveOrZero;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.Setting;

/** The loss of a row. */
public record LossConfig(
    @Setting(
            value =
                "cross-entropy, or focal, which counts rows less the better the model knows them",
            defaultValue = "cross-entropy")
        Form name,
    @Setting(
            value = "Focal: power of the probability of the other label; 0 is cross-entropy",
            defaultValue = "2.0")
        @PositiveOrZero
        @DecimalMax(value = "100.0", message = "must be at most 100")
        double gamma,
    @Setting("Factor on positives; negatives have 1 less this. By default both have 1")
        @DecimalMin(value = "0.0", inclusive = false, message = "must be above 0")
        @DecimalMax(value = "1.0", inclusive = false, message = "must be below 1")
        @Nullable Double alpha,
    @Setting(
            value = "Share of each label that is spread over both: 0.1 trains on 0.05 and 0.95",
            defaultValue = "0.0")
        @DecimalMin(value = "0.0", message = "must be at least 0")
        @DecimalMax(value = "1.0", inclusive = false, message = "must be below 1")
        double labelSmoothing) {

  /** Cross-entropy of the labels as they are. */
  public static final LossConfig CROSS_ENTROPY = new LossConfig(Form.CROSS_ENTROPY, 2, null, 0);

  /** The formula. */
  public enum Form {
    /** Binary cross-entropy. */
    CROSS_ENTROPY,
    /** Lin et al., 2017. */
    FOCAL
  }
}
