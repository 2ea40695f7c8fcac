package org.llm4msr.runtime.config.labels;

import jakarta.validation.constraints.Positive;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.Setting;

/** A further label that a model learns beside the main one. */
public record LabelConfig(
    @Setting(value = "Factor on its loss; that of the main label has 1", defaultValue = "1.0")
        @Positive
        double weight,
    @Setting(
            "A label that comes before it, such as the click before the purchase: the tower learns"
                + " how probable this one is after that one (ESMM). label is the main one; by"
                + " default the tower learns it alone")
        @Nullable String after,
    @Setting(value = "Widths of its towers before their logits", defaultValue = "[64]")
        List<@Positive Integer> hidden) {}
