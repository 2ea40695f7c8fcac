package ${package};

import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.Positive;
import org.llm4msr.api.Setting;

/** Settings of {@link ${className}}: the runtime binds them, applies defaults and checks them. */
public record ${className}Config(
    @Setting("A CSV file with a column user and columns of the training data") @NotBlank
        String file,
    @Setting(value = "Seconds until the file is read again", defaultValue = "10") @Positive
        int reloadSeconds) {}
