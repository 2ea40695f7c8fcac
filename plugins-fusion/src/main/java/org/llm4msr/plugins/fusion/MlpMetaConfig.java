package org.llm4msr.plugins.fusion;

import jakarta.validation.constraints.DecimalMax;
import jakarta.validation.constraints.DecimalMin;
import jakarta.validation.constraints.PositiveOrZero;
import org.llm4msr.api.Setting;

/** Settings of {@link MlpMetaNetwork}. */
public record MlpMetaConfig(
    @Setting(
            value =
                "Width of a ReLU layer between knowledge and weights; 0: one linear map, as"
                    + " published",
            defaultValue = "32")
        @PositiveOrZero
        int generatorHidden,
    @Setting(
            value =
                "Rank of the change that knowledge makes to the weights of a layer; 0: full"
                    + " matrices, as"
                    + " published",
            defaultValue = "8")
        @PositiveOrZero
        int rank,
    @Setting(
            value =
                "Share of the first weights' variance that comes from knowledge; the rest is one"
                    + " usual initialisation for all groups",
            defaultValue = "0.1")
        @DecimalMin(value = "0.0001", message = "must be at least 0.0001")
        @DecimalMax(value = "1", message = "must be at most 1")
        double initialShare) {}
