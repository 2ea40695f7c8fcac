package org.llm4msr.plugins.llamacpp;

import java.nio.file.Path;
import org.llm4msr.api.Plugin;
import org.llm4msr.api.knowledge.EncoderContext;
import org.llm4msr.api.knowledge.KnowledgeEncoder;
import org.llm4msr.api.knowledge.KnowledgeEncoderFactory;

/** Makes encoders on llama.cpp. */
@Plugin(
    name = "llama-cpp",
    description = "Decoders from GGUF files, quantised ones too, through llama.cpp on the CPU",
    source = "github.com/ggml-org/llama.cpp, build b4916")
public final class LlamaCppFactory implements KnowledgeEncoderFactory<LlamaCppConfig> {

  @Override
  public Class<LlamaCppConfig> configType() {
    return LlamaCppConfig.class;
  }

  @Override
  public KnowledgeEncoder create(LlamaCppConfig config, EncoderContext context) {
    return LlamaCppEncoder.open(
        GgufModel.resolve(config, context.base()), config, context.scratch(), context.threads());
  }

  @Override
  public void check(LlamaCppConfig config, Path base) {
    GgufModel.check(config, base);
  }
}
