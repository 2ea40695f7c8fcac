package org.llm4msr.runtime.config;

import jakarta.validation.constraints.Pattern;
import jakarta.validation.constraints.PositiveOrZero;
import org.llm4msr.api.Setting;

/** Engine, device and threads. */
public record RuntimeConfig(
    @Setting(value = "The tensor engine", defaultValue = "PyTorch")
        @Pattern(regexp = "PyTorch|MXNet", message = "must be PyTorch or MXNet")
        String engine,
    @Setting(value = "auto, cpu, or gpu:N", defaultValue = "auto")
        @Pattern(regexp = "auto|cpu|gpu:[0-9]+", message = "must be auto, cpu or gpu:N")
        String device,
    @Setting(value = "Threads; 0: one a core", defaultValue = "0") @PositiveOrZero int threads,
    @Setting(value = "Memory of data preparation, for example 4GB", defaultValue = "4GB")
        @Pattern(regexp = "[0-9]+(MB|GB)", message = "must be a number and MB or GB")
        String memory) {}
