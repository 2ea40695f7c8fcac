package ${package};

import java.nio.file.Path;
import org.llm4msr.api.Setting;

/**
 * Settings of {@link ${className}Reader}: the runtime binds them, applies defaults and checks them.
 */
public record ${className}ReaderConfig(
    @Setting(value = "The log, relative to dataset.path", defaultValue = "log.tsv") Path file) {}
