package ${package};

import jakarta.validation.constraints.Positive;
import org.llm4msr.api.Setting;

/** Settings of {@link ${className}}: the runtime binds them, applies defaults and checks them. */
public record ${className}Config(
    @Setting(value = "Factor of the change that knowledge makes to a layer", defaultValue = "1")
        @Positive
        double strength) {}
