package org.llm4msr.plugins.fusion;

import jakarta.validation.constraints.Positive;
import java.util.List;
import org.llm4msr.api.Setting;

/** Settings of {@link EpNetHead}. */
public record EpNetConfig(
    @Setting(value = "Widths of the gate's layers before its last", defaultValue = "[64]")
        List<@Positive Integer> gate) {}
