package org.llm4msr.plugins.llm;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.Pattern;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.Setting;

/** Settings of the encoder {@code openai}. */
public record OpenAiConfig(
    @Setting(
            value = "Address before /embeddings, for example http://localhost:8000/v1",
            operational = true)
        @Pattern(
            regexp = "https?://[^@\\s]*[^/@\\s]",
            message = "must be http://... or https://..., without user, password or a last slash")
        String url,
    @Setting("Name of the model, as the service knows it") @NotBlank String model,
    @Setting(
            "Revision of the model, part of the store's key; without it, the model that the service"
                + " says it used")
        @Nullable String revision,
    @Setting("Length of the vectors to request; without it, the model's own") @Min(1) @Max(1 << 16)
        @Nullable Integer dimensions,
    @Setting(value = "The longest prompt in tokens that the model reads", defaultValue = "512")
        @Min(8)
        int maxTokens,
    @Setting(
            "Where the model's tokenizer.json is, to count tokens: a folder, classpath:folder, or"
                + " hf:owner/name@revision; without it, a byte counts as a token, which errs on the"
                + " safe side")
        @Nullable String tokenizer,
    @Setting(value = "Prompts in one request", defaultValue = "16", operational = true)
        @Min(1)
        @Max(2048)
        int batchSize,
    @Setting(value = "Concurrent requests", defaultValue = "4", operational = true)
        @Min(1)
        @Max(256)
        int concurrency,
    @Setting(
            value = "Seconds within which a complete answer must arrive",
            defaultValue = "120",
            operational = true)
        @Min(1)
        @Max(86400)
        int timeoutSeconds,
    @Setting(
            value =
                "How often a request is retried after no answer, a broken one, 429 or 5xx; the"
                    + " default goes on for about two minutes",
            defaultValue = "12",
            operational = true)
        @Min(0)
        @Max(100)
        int retries,
    @Setting(
            value = "Environment variable with the key of the service; without it, no key is sent",
            operational = true)
        @Pattern(regexp = "[A-Za-z_][A-Za-z0-9_]*", message = "must be the name of a variable")
        @Nullable String keyVariable) {}
