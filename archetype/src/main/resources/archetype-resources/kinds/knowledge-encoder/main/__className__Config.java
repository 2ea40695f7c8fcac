package ${package};

import jakarta.validation.constraints.Positive;
import org.llm4msr.api.Setting;

/** Settings of {@link ${className}}: the runtime binds them, applies defaults and checks them. */
public record ${className}Config(
    @Setting(value = "K, the length of the vectors", defaultValue = "64") @Positive int dimension,
    @Setting(value = "Whether pairs of words count as well", defaultValue = "true") boolean pairs,
    @Setting(value = "Words of the longest prompt", defaultValue = "512") @Positive
        int maxTokens) {}
