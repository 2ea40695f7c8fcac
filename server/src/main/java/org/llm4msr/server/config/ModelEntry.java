package org.llm4msr.server.config;

import jakarta.validation.constraints.PositiveOrZero;
import java.nio.file.Path;
import org.llm4msr.api.Setting;

/** A model of a server. */
public record ModelEntry(
    @Setting("The folder of its bundle") Path bundle,
    @Setting(
            value = "Its share of the users of requests that name no model, beside those of others",
            defaultValue = "1")
        @PositiveOrZero
        double weight) {}
