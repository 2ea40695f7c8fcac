package ${package};

import jakarta.validation.constraints.Positive;
import org.llm4msr.api.Setting;

/** Settings of {@link ${className}}: the runtime binds them, applies defaults and checks them. */
public record ${className}Config(
    @Setting(
            value = "N, the numbers in which users and scenarios are compared",
            defaultValue = "16")
        @Positive
        int size) {}
