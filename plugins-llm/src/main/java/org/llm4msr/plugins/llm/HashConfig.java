package org.llm4msr.plugins.llm;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import org.llm4msr.api.Setting;

/** Settings of the encoder {@code hash}. */
public record HashConfig(
    @Setting(value = "K, the length of the vectors", defaultValue = "256") @Min(1) @Max(1 << 16)
        int dimension,
    @Setting(value = "The longest prompt in words", defaultValue = "8192") @Min(1) int maxTokens) {}
