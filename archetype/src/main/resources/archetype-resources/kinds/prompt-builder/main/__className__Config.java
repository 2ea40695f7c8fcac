package ${package};

import jakarta.validation.constraints.NotBlank;
import org.llm4msr.api.Setting;

/** Settings of {@link ${className}}: the runtime binds them, applies defaults and checks them. */
public record ${className}Config(
    @Setting(
            value = "What the language model is asked at the end",
            defaultValue = "What is wanted here?")
        @NotBlank
        String question) {}
