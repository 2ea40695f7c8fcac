package org.llm4msr.runtime.config;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.NotEmpty;
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
        List<@NotBlank String> slices,
    @Setting(
            value = "NDCG and hit rate look at so many first rows of each group",
            defaultValue = "[5, 10]")
        @NotEmpty
        @UniqueElements
        List<@Min(1) @Max(EvaluationConfig.MOST) Integer> cutoffs) {

  static final int MOST = 10_000;
}
