package org.llm4msr.runtime.config;

import jakarta.validation.Valid;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.Positive;
import jakarta.validation.constraints.PositiveOrZero;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.Setting;

/** Optimiser, schedule and stopping. */
public record TrainingConfig(
    @Setting(value = "Passes over the training part", defaultValue = "20") @Min(1) int epochs,
    @Setting(value = "B, rows per step", defaultValue = "1024") @Min(1) @Max(1 << 20) int batchSize,
    @Setting(value = "The optimiser of tables and dense parameters", defaultValue = "{}") @Valid
        OptimizerConfig optimizer,
    @Setting(value = "Warm-up and decay of the learning rate", defaultValue = "{}") @Valid
        ScheduleConfig schedule,
    @Setting("Largest global norm of the dense gradients; longer ones are scaled down") @Positive
        @Nullable Double clipNorm,
    @Setting(value = "Factor on the learning rate for the meta networks", defaultValue = "1.0")
        @Positive
        double metaLearningRateFactor,
    @Setting(
            value = "Factor on the loss of a scenario's rows, by its key; 1 for the others",
            defaultValue = "{}")
        Map<String, @PositiveOrZero Double> scenarioWeights,
    @Setting(value = "Whether rows count by the weights that the data has", defaultValue = "true")
        boolean sampleWeights,
    @Setting("Days before the last training row at which a row counts half; by default all count 1")
        @Positive
        @Nullable Double halfLifeDays,
    @Setting(value = "The loss of a row", defaultValue = "{}") @Valid LossConfig loss,
    @Setting(value = "Steps between validations; 0: at the end of each epoch", defaultValue = "0")
        @PositiveOrZero
        int validateEvery,
    @Setting(
            value =
                "The metric on the validation part by which the best state is chosen and training"
                    + " stops, by its name in evaluations",
            defaultValue = "auc")
        @NotBlank
        String monitor,
    @Setting(
            value = "Validations that do not improve on it before training stops; 0: never",
            defaultValue = "4")
        @PositiveOrZero
        int patience,
    @Setting(
            value = "Rows from which a batch is drawn: more mix better and take more memory",
            defaultValue = "1000000")
        @Min(1)
        int shuffleWindow,
    @Setting(
            value =
                "Rows of one user that stay together in a batch, so that it has fewer users and"
                    + " user levels cost less; 1: none",
            defaultValue = "1")
        @Min(1)
        int groupUsers,
    @Setting(
            value =
                "Numbers that products of layers read: float32, or bfloat16 on processors with"
                    + " AVX512_BF16 or AMX, and on GPUs; all else is float32",
            defaultValue = "float32")
        Precision precision,
    @Setting(
            value =
                "Fit of the probabilities to the validation part after training: platt, a slope and"
                    + " an offset for each scenario, or off",
            defaultValue = "platt")
        CalibrationMethod calibration,
    @Setting(value = "Seed of initialisation, order and dropout", defaultValue = "0") long seed) {

  /** The metric that is monitored unless another one is named. */
  public static final String AUC = "auc";

  /**
   * Returns the settings as one text; without those that earlier versions did not have, where these
   * have their defaults.
   */
  public String identity() {
    return toString()
        .replace(", sampleWeights=true", "")
        .replace(", halfLifeDays=null", "")
        .replace(", monitor=" + AUC, "")
        .replace(", loss=" + LossConfig.CROSS_ENTROPY, "")
        .replace(", precision=" + Precision.FLOAT32, "")
        .replace(", calibration=" + CalibrationMethod.PLATT, "");
  }
}
