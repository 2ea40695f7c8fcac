package ${package};

import jakarta.validation.constraints.Positive;
import org.llm4msr.api.Setting;

/**
 * Settings of {@link ${className}Generator}: the runtime binds them, applies defaults and checks
 * them.
 */
public record ${className}GeneratorConfig(
    @Setting(value = "Users", defaultValue = "500") @Positive int users,
    @Setting(value = "Items", defaultValue = "200") @Positive int items,
    @Setting(value = "Pages, which are the scenarios", defaultValue = "3") @Positive int pages,
    @Setting(value = "Lines of the log", defaultValue = "50000") @Positive long interactions,
    @Setting(value = "Seed of the random numbers", defaultValue = "7") long seed) {}
