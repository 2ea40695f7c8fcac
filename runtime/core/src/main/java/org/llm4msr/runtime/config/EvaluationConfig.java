package org.llm4msr.runtime.config;

import jakarta.validation.constraints.NotBlank;
import java.util.List;
import org.hibernate.validator.constraints.UniqueElements;
import org.llm4msr.api.Setting;

/** What evaluations tell apart. Nothing here is part of the experiment's identity. */
public record EvaluationConfig(
    @Setting(
            value =
                "Slices with metrics of their own: item-rows and user-rows, by training rows of the"
                    + " item and the user, and names of fields",
            defaultValue = "[item-rows, user-rows]")
        @UniqueElements
        List<@NotBlank String> slices) {}
