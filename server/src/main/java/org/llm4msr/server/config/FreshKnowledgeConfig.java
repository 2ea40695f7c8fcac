package org.llm4msr.server.config;

import jakarta.validation.Valid;
import jakarta.validation.constraints.PositiveOrZero;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.Setting;
import org.llm4msr.api.knowledge.KnowledgeEncoderFactory;
import org.llm4msr.runtime.config.PluginChoice;

/** Vectors that a server is given while it runs. */
public record FreshKnowledgeConfig(
    @Setting(
            "Knowledge encoder of texts, the same as the bundles were made with; without one, only"
                + " vectors are taken")
        @Valid
        @Nullable PluginChoice<KnowledgeEncoderFactory<Record>, Record> encoder,
    @Setting("The folder that keeps them over a restart; without one, a restart forgets them")
        @Nullable Path folder,
    @Setting(value = "Bytes of them on the heap; more are refused", defaultValue = "268435456")
        @PositiveOrZero
        long bytes) {}
