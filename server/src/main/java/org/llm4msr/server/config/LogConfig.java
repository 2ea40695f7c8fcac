package org.llm4msr.server.config;

import jakarta.validation.constraints.DecimalMax;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.Positive;
import java.nio.file.Path;
import org.llm4msr.api.Setting;

/** The log of requests, with the values as used and the probabilities. */
public record LogConfig(
    @Setting("The folder of its parts; each model has a folder in it") Path folder,
    @Setting(
            value = "The share of requests that are written, chosen by a hash of their ids",
            defaultValue = "0.01")
        @Positive
        @DecimalMax(value = "1", message = "must be at most 1")
        double sample,
    @Setting(
            value = "Requests that wait to be written; more are left out, and counted",
            defaultValue = "1000")
        @Min(1)
        @Max(1_000_000)
        int queue,
    @Setting(value = "Rows after which a part is complete", defaultValue = "100000")
        @Min(1)
        @Max(100_000_000)
        int rows,
    @Setting(value = "Seconds after which a part is complete", defaultValue = "60")
        @Positive
        @Max(86_400)
        double seconds,
    @Setting(
            value = "Bytes of the folder beyond which the oldest parts are deleted",
            defaultValue = "10737418240")
        @Min(1)
        long keep) {}
