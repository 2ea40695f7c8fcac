package org.llm4msr.runtime.cluster;

import jakarta.validation.Valid;
import org.llm4msr.api.Setting;
import org.llm4msr.api.knowledge.KnowledgeEncoderFactory;
import org.llm4msr.runtime.config.PluginChoice;
import org.llm4msr.runtime.config.RuntimeConfig;

/** What a process needs to load the encoder of an experiment. */
record EncodingConfig(
    @Setting("Knowledge encoder") @Valid
        PluginChoice<KnowledgeEncoderFactory<Record>, Record> encoder,
    @Setting(value = "Engine and threads", defaultValue = "{}") @Valid RuntimeConfig runtime) {}
