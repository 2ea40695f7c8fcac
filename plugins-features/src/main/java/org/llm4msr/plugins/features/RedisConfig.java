package org.llm4msr.plugins.features;

import jakarta.validation.constraints.Pattern;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.Setting;

/** Settings of the source {@code redis}. */
public record RedisConfig(
    @Setting(
            value = "redis://HOST:PORT/DATABASE, or rediss:// with encryption",
            defaultValue = "redis://localhost:6379")
        @Pattern(
            regexp = "rediss?://[^@\\s]+",
            message = "must be redis:// or rediss://, with the password in its own setting")
        String uri,
    @Setting("The name to log in with; without one, the default user of Redis")
        @Nullable String username,
    @Setting(value = "The password to log in with", secret = true) @Nullable String password,
    @Setting(
            value = "What the keys begin with: PREFIXuser:ID and PREFIXitem:ID",
            defaultValue = "'llm4msr:'")
        String prefix) {}
