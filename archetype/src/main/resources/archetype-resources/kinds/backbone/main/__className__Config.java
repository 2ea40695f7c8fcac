package ${package};

import jakarta.validation.constraints.DecimalMax;
import jakarta.validation.constraints.DecimalMin;
import jakarta.validation.constraints.NotEmpty;
import jakarta.validation.constraints.Positive;
import java.util.List;
import org.llm4msr.api.Setting;

/** Settings of {@link ${className}}: the runtime binds them, applies defaults and checks them. */
public record ${className}Config(
    @Setting(value = "Widths of the layers", defaultValue = "[64, 32]") @NotEmpty
        List<@Positive Integer> layers,
    @Setting(value = "Share of units dropped in training", defaultValue = "0.1")
        @DecimalMin(value = "0", message = "must be at least 0")
        @DecimalMax(value = "0.95", message = "must be at most 0.95")
        double dropout,
    @Setting(value = "Whether every scenario has a bias of its own", defaultValue = "true")
        boolean scenarioBias) {}
