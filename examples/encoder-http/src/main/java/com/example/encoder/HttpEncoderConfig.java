package com.example.encoder;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.Pattern;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.Setting;

/** The address of the service, and how patiently it is asked. */
public record HttpEncoderConfig(
    @Setting("Address of the service, without a slash at the end")
        @Pattern(regexp = "https?://.*[^/]", message = "must be http://... or https://...")
        String url,
    @Setting(value = "Texts in one request", defaultValue = "32", operational = true)
        @Min(1)
        @Max(1024)
        int batchSize,
    @Setting(
            value = "Seconds within which an answer must arrive",
            defaultValue = "60",
            operational = true)
        @Min(1)
        @Max(3600)
        int timeoutSeconds,
    @Setting(
            value = "How often a request is retried after no answer, 429 or 5xx",
            defaultValue = "3",
            operational = true)
        @Min(0)
        @Max(20)
        int retries,
    @Setting(value = "Sent as Authorization: Bearer ...", secret = true)
        @Pattern(regexp = "[!-~]+", message = "must be ASCII letters, digits and signs only")
        @Nullable String token) {}
