package org.llm4msr.plugins.fusion;

import jakarta.validation.constraints.NotEmpty;
import jakarta.validation.constraints.Positive;
import java.util.List;
import org.llm4msr.api.Setting;
import org.llm4msr.api.model.Level;

/** Settings of {@link ConcatHead}. */
public record ConcatConfig(
    @Setting(
            value = "Levels whose knowledge becomes a feature: user, scenario, item",
            defaultValue = "[user, scenario]")
        @NotEmpty
        List<Level> levels,
    @Setting(value = "Columns of each level's feature", defaultValue = "16") @Positive int width) {}
